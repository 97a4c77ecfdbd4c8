import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from './built-program.ts';

let folder: string;

/** The script looks for these, and installs what is missing. */
const TOOLS = [
  ...['redis-server', 'chromium', 'promtool', 'nginx', 'curl', 'openssl', 'ps'],
  ...['python3', 'javac', 'go', 'php'],
];
/** The script itself runs these. Nothing else of this machine is on its PATH, so no test can install anything. */
const BASICS = ['bash', 'sh', 'env', 'dirname', 'mktemp', 'rm', 'true', 'timeout'];

/** A program of that name. */
async function fake(name: string, script: string): Promise<void> {
  const file = join(folder, 'bin', name);
  await rm(file, { force: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

const REPORT = JSON.stringify({
  numPassedTests: 7,
  numFailedTests: 2,
  testResults: [
    {
      assertionResults: [
        { status: 'passed', fullName: 'unsure', failureMessages: ['once'] },
        { status: 'passed', fullName: 'sure', failureMessages: [] },
      ],
    },
  ],
});

/** A checkout with the script and a package.json, and an `npm` that notes how it was called. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-ci-'));
  await mkdir(join(folder, '.ci'));
  await mkdir(join(folder, 'bin'));
  for (const file of ['package.json', 'package-lock.json', '.ci/supply-chain.mjs', '.ci/run']) {
    await copyFile(join(root, file), join(folder, file));
  }
  for (const name of BASICS) await symlink(await findProgram(name), join(folder, 'bin', name));
  await symlink(process.execPath, join(folder, 'bin/node'));
  await fake(
    'npm',
    `echo "$@" >> "${folder}/calls"
for argument; do
  case "$argument" in --outputFile.json=*) printf '%s' '${REPORT}' > "\${argument#*=}" ;; esac
done
case " $* " in *' test '*) printf '%s' "$REQUIRED_TOOLS" > "${folder}/required" ;; esac
case " $* " in *' audit '*) printf '%s' "$AUDIT" ;; esac
case " $* " in *" $FAILS "*) exit 3 ;; esac`,
  );
  for (const name of TOOLS) await fake(name, 'exit 0');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function findProgram(name: string): Promise<string> {
  for (const place of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(place, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  throw new Error(`Cannot find ${name}: it must be on the PATH`);
}

interface CiRun {
  readonly code: number;
  readonly lines: readonly string[];
  readonly steps: readonly string[];
}

async function runCi(fails = 'nothing', more: Readonly<Record<string, string>> = {}): Promise<CiRun> {
  const env = { PATH: join(folder, 'bin'), HOME: folder, FAILS: fails, ...more };
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile(join(folder, '.ci/run'), { env, cwd: tmpdir() }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
  const calls = await readFile(join(folder, 'calls'), 'utf8').catch(() => '');
  const known = ['ci', 'check', 'test', 'demo'];
  const steps = calls
    .split('\n')
    .map((call) =>
      call.includes('--prefix') ? 'tools' : (call.split(' ').find((word) => known.includes(word)) ?? ''),
    )
    .filter(Boolean);
  return { code, lines: output.trimEnd().split('\n'), steps };
}

describe('.ci/run', () => {
  it('installs, checks, tests and demonstrates, in this order, and ends with the count', async () => {
    const { code, lines, steps } = await runCi();
    expect(steps).toEqual(['ci', 'tools', 'check', 'test', 'demo']);
    expect(code).toBe(0);
    expect(lines.at(-1)).toBe('7 passed, 2 failed');
  });

  it.each([
    ['ci', ['ci']],
    ['check', ['ci', 'tools', 'check']],
    ['test', ['ci', 'tools', 'check', 'test']],
    ['demo', ['ci', 'tools', 'check', 'test', 'demo']],
  ])('stops at a failing %s, with a status that says so', async (fails, expected) => {
    const { code, steps } = await runCi(fails);
    expect(code).not.toBe(0);
    expect(steps).toEqual(expected);
  });

  it('reports which tests needed a second try', async () => {
    const { lines } = await runCi();
    expect(lines.filter((line) => line.startsWith('needed'))).toEqual(['needed a second try: unsure']);
  });

  it('reports the count of failing tests', async () => {
    expect((await runCi('test')).lines.at(-1)).toBe('7 passed, 2 failed');
  });

  it('refuses a Node.js that is too old, before anything is installed', async () => {
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
    const newer = { ...manifest, engines: { node: '>=999.0' } };
    await writeFile(join(folder, 'package.json'), JSON.stringify(newer));
    const { code, lines, steps } = await runCi();
    expect(code).toBe(1);
    expect(steps).toEqual([]);
    expect(lines.at(-1)).toBe(
      `Cannot run: Node.js must be 999.0 or newer, received ${process.versions.node}`,
    );
  });
});

describe('the audit', () => {
  const audit = (answer: object, more = {}) => runCi('audit', { AUDIT: JSON.stringify(answer), ...more });
  const report = (severity: string) => ({
    auditReportVersion: 2,
    vulnerabilities: { bad: { name: 'bad', severity, range: '<2' } },
  });

  it.each([
    ['answers 405', { statusCode: 405, error: { summary: '' } }, 'the registry answered 405'],
    ['cannot be reached', { error: { code: 'ENOTFOUND' } }, 'ENOTFOUND'],
    ['says nothing', {}, 'the registry gave no answer that can be read'],
  ])(
    'says at its place and at the end that nothing was checked when the registry %s',
    async (_, answer, why) => {
      const { code, lines, steps } = await audit(answer);
      expect(code).toBe(0);
      expect(steps).toEqual(['ci', 'tools', 'check', 'test', 'demo']);
      const said = `NOT CHECKED: known vulnerabilities (${why})`;
      expect(lines.filter((line) => line === said)).toHaveLength(2);
      expect(lines.slice(-3)).toContain(said);
      expect((await audit(answer, { REQUIRE_AUDIT: 'yes' })).code).not.toBe(0);
    },
  );

  it('fails on a grave finding, by name', async () => {
    const { code, lines, steps } = await audit(report('critical'));
    expect(code).not.toBe(0);
    expect(lines).toContain('critical: bad <2');
    expect(steps).toEqual(['ci', 'tools', 'check']);
  });

  it('passes on one that is not grave', async () => {
    const { code, lines } = await audit(report('low'));
    expect(code).toBe(0);
    expect(lines).toContain('none of high or critical severity');
    expect(lines.join()).not.toContain('NOT CHECKED');
  });

  it('is preceded by what needs no registry, which fails the run', async () => {
    const lockfile = join(folder, 'package-lock.json');
    const text = await readFile(lockfile, 'utf8');
    await writeFile(lockfile, text.replace(/"integrity": "sha512-[^"]+",/, ''));
    const { code, lines, steps } = await audit(report('low'));
    expect(code).not.toBe(0);
    expect(lines).toContain('BROKEN: every package is fixed by a SHA-512');
    expect(steps).toEqual(['ci', 'tools', 'check']);
  });
});

describe('programs that the tests run', () => {
  const asked = () => readFile(join(folder, 'sudo-calls'), 'utf8').catch(() => '');
  const required = () => readFile(join(folder, 'required'), 'utf8');
  const remove = (...names: readonly string[]) =>
    Promise.all(names.map((name) => rm(join(folder, 'bin', name))));

  it('are not installed where they are, and none of their tests may be skipped', async () => {
    await fake('apt-get', `echo "$@" >> "${folder}/sudo-calls"`);
    await fake('id', 'echo 0');
    expect((await runCi()).lines).toContain('all present');
    expect(await asked()).toBe('');
    expect(await required()).toBe([...TOOLS, 'interface-tools'].join());
  });

  it('are installed by sudo that asks nothing, without a service, and without the secrets of the CI', async () => {
    await remove('promtool', 'nginx');
    await fake('apt-get', 'exit 1');
    await fake('id', 'echo 1000');
    await fake('sudo', `printf '%s\\n' "$*" >> "${folder}/sudo-calls"; env > "${folder}/sudo-environment"`);
    const { code, lines } = await runCi('nothing', {
      CI_TOKEN: 'a-secret',
      http_proxy: 'http://127.0.0.1:3128',
    });
    expect(code).toBe(0);
    expect(lines).toContain('installing prometheus nginx-light');
    const given = await readFile(join(folder, 'sudo-environment'), 'utf8');
    expect(given).toContain('http_proxy=http://127.0.0.1:3128');
    expect(given).not.toContain('a-secret');
    expect(await asked()).toMatch(/^-n true\n-n timeout -k 10 600 sh -c/m);
    expect(await asked()).toMatch(
      /policy-rc\.d[\s\S]*install --no-install-recommends "\$@"\n[\s\S]*systemctl disable[\s\S]* install prometheus nginx-light\n$/,
    );
  });

  it.each([
    ['sudo would ask for a password', { sudo: 'exit 1', 'apt-get': 'exit 0' }],
    ['there is no apt-get', { sudo: 'exit 0' }],
    ['the package cannot be had', { sudo: '[ "$2" = true ]', 'apt-get': 'exit 0' }],
  ])('may be missing when %s: their tests are skipped, by name', async (_why, fakes) => {
    await remove('promtool');
    await fake('id', 'echo 1000');
    for (const [name, script] of Object.entries(fakes)) await fake(name, script);
    const { code, lines } = await runCi();
    expect(code).toBe(0);
    expect(lines).toContainEqual(expect.stringMatching(/^cannot install.*: prometheus$/));
    expect(lines).toContain("SKIPPED: the tests that need promtool (Debian's package prometheus)");
    expect(await required()).toBe([...TOOLS.filter((name) => name !== 'promtool'), 'interface-tools'].join());
  });

  it('include a Redis, without which nothing is tested', async () => {
    await remove('redis-server');
    await fake('id', 'echo 1000');
    const { code, lines, steps } = await runCi();
    expect({ code, steps, last: lines.at(-1) }).toEqual({
      code: 1,
      steps: [],
      last: 'Cannot test: redis-server or valkey-server must be on the PATH, received neither',
    });
  });

  it('may include Valkey in place of Redis', async () => {
    await remove('redis-server');
    await fake('id', 'echo 1000');
    await fake('valkey-server', 'exit 0');
    expect((await runCi()).code).toBe(0);
  });
});
