import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from './built-program.ts';

let folder: string;

/** A checkout with the script and a package.json, and an `npm` that notes how it was called. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-ci-'));
  await mkdir(join(folder, '.ci'));
  await mkdir(join(folder, 'bin'));
  await copyFile(join(root, '.ci/run'), join(folder, '.ci/run'));
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  await writeFile(
    join(folder, 'bin/npm'),
    `#!/bin/sh
echo "$@" >> "${folder}/calls"
for argument; do
  case "$argument" in --outputFile.json=*) printf '%s' '{"numPassedTests":7,"numFailedTests":2}' > "\${argument#*=}" ;; esac
done
case " $* " in *" $FAILS "*) exit 3 ;; esac
`,
  );
  await chmod(join(folder, 'bin/npm'), 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface CiRun {
  readonly code: number;
  readonly lines: readonly string[];
  readonly steps: readonly string[];
}

async function runCi(fails = 'nothing'): Promise<CiRun> {
  const env = { ...process.env, PATH: `${folder}/bin:${process.env['PATH']}`, FAILS: fails };
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile(join(folder, '.ci/run'), { env, cwd: tmpdir() }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
  const calls = await readFile(join(folder, 'calls'), 'utf8').catch(() => '');
  const known = ['ci', 'check', 'test', 'demo'];
  const steps = calls
    .split('\n')
    .map((call) => call.split(' ').find((word) => known.includes(word)) ?? '')
    .filter(Boolean);
  return { code, lines: output.trimEnd().split('\n'), steps };
}

describe('.ci/run', () => {
  it('installs, checks, tests and demonstrates, in this order, and ends with the count', async () => {
    const { code, lines, steps } = await runCi();
    expect(steps).toEqual(['ci', 'check', 'test', 'demo']);
    expect(code).toBe(0);
    expect(lines.at(-1)).toBe('7 passed, 2 failed');
  });

  it.each([
    ['ci', ['ci']],
    ['check', ['ci', 'check']],
    ['test', ['ci', 'check', 'test']],
    ['demo', ['ci', 'check', 'test', 'demo']],
  ])('stops at a failing %s, with a status that says so', async (fails, expected) => {
    const { code, steps } = await runCi(fails);
    expect(code).not.toBe(0);
    expect(steps).toEqual(expected);
  });

  it('tells the count of failing tests', async () => {
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
