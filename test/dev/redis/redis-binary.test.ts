import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CommandResult,
  findOrInstallRedis,
  type RedisBinary,
  type RunCommand,
} from '../../../dev/redis/redis-binary.ts';
import { makeRunCommand } from '../../../dev/redis/run-command.ts';

const NOT_FOUND: CommandResult = { kind: 'not-found' };

function exited(code: number, output = ''): CommandResult {
  return { kind: 'exited', code, output };
}

/** A machine with these commands; what it installs appears as an executable in `bin`. */
interface Machine {
  readonly platform?: NodeJS.Platform;
  readonly uid: number;
  readonly managers: readonly string[];
  /** What `sudo -n true` answers; undefined: there is no sudo. */
  readonly sudo?: number;
  /** Packages that install, with the server they bring. */
  readonly packages?: Readonly<Record<string, string>>;
  readonly installRedis?: string;
}

describe('the search for a Redis server', () => {
  let bin: string;
  let said: string[];
  let commands: string[];
  let environments: Readonly<Record<string, string>>[];

  beforeEach(async () => {
    bin = join(await mkdtemp(join(tmpdir(), 'veriqueue-bin-')), 'bin');
    await mkdir(bin);
    said = [];
    commands = [];
    environments = [];
  });
  afterEach(() => rm(join(bin, '..'), { recursive: true, force: true }));

  async function addServer(name: string): Promise<string> {
    const path = join(bin, name);
    await writeFile(path, '');
    await chmod(path, 0o755);
    return path;
  }

  function runOn(machine: Machine, versions: Readonly<Record<string, string>> = {}): RunCommand {
    const answer = async (file: string, args: readonly string[]): Promise<CommandResult> => {
      const line = [file, ...args].join(' ');
      if (file.startsWith(bin)) {
        return exited(0, `Redis server v=${versions[file] ?? '7.0.15'} sha=00000000:0 bits=64`);
      }
      if (line === 'id -u') {
        return exited(0, `${machine.uid}\n`);
      }
      if (file === 'sudo') {
        const [, ...rest] = args;
        const [inner, ...innerArgs] = rest;
        return machine.sudo === undefined
          ? NOT_FOUND
          : line === 'sudo -n true' || inner === undefined
            ? exited(machine.sudo)
            : answer(inner, innerArgs);
      }
      if (args[0] === '--version') {
        return machine.managers.includes(file) ? exited(0) : NOT_FOUND;
      }
      const wanted = Object.entries(machine.packages ?? {}).find(([name]) =>
        new RegExp(`\\b${name}\\s*$`, 'm').test(line),
      );
      if (wanted === undefined) {
        return exited(1, 'Reading lists\nE: Unable to locate package');
      }
      await addServer(wanted[1]);
      return exited(0);
    };
    return (file, args, env) => {
      commands.push([file, ...args].join(' ').trim());
      environments.push(env ?? {});
      return answer(file, args);
    };
  }

  function find(machine: Machine, versions?: Readonly<Record<string, string>>): Promise<RedisBinary> {
    return findOrInstallRedis({
      env: { PATH: bin, VERIQUEUE_INSTALL_REDIS: machine.installRedis ?? 'yes' },
      platform: machine.platform ?? 'linux',
      say: (line) => said.push(line),
      run: runOn(machine, versions),
    });
  }

  const ROOT: Machine = { uid: 0, managers: ['apt-get'], packages: { 'redis-server': 'redis-server' } };

  it.each(['redis-server', 'valkey-server'])('takes %s from the PATH and installs nothing', async (name) => {
    const path = await addServer(name);
    expect(await find(ROOT)).toEqual({ kind: 'found', path });
    expect(commands).toEqual([`${path} --version`]);
    expect(said).toEqual([]);
  });

  it('passes over a server that is too old for a newer one', async () => {
    const old = await addServer('redis-server');
    const path = await addServer('valkey-server');
    expect(await find(ROOT, { [old]: '5.0.7' })).toEqual({ kind: 'found', path });
  });

  it.each<[string, Machine, { server: string; manager: string; command: RegExp; said: RegExp }]>([
    [
      'apt-get as root',
      ROOT,
      {
        server: 'redis-server',
        manager: 'apt-get',
        command: /^sh -c .*apt-get .*install/s,
        said: /redis-server with apt-get,/,
      },
    ],
    [
      'apt-get through passwordless sudo',
      { ...ROOT, uid: 1000, sudo: 0 },
      { server: 'redis-server', manager: 'apt-get', command: /^sudo -n sh -c/, said: /through sudo/ },
    ],
    [
      'dnf, Valkey first',
      { uid: 0, managers: ['dnf'], packages: { valkey: 'valkey-server' } },
      {
        server: 'valkey-server',
        manager: 'dnf',
        command: /^dnf -y -q install valkey$/,
        said: /valkey with dnf/,
      },
    ],
    [
      'dnf, Redis where there is no Valkey',
      { uid: 0, managers: ['dnf'], packages: { redis: 'redis-server' } },
      {
        server: 'redis-server',
        manager: 'dnf',
        command: /^dnf -y -q install redis$/,
        said: /redis with dnf/,
      },
    ],
    [
      'apk through passwordless sudo',
      { uid: 1000, sudo: 0, managers: ['apk'], packages: { redis: 'redis-server' } },
      {
        server: 'redis-server',
        manager: 'apk',
        command: /^sudo -n apk add --no-cache redis$/,
        said: /through sudo/,
      },
    ],
    [
      'Homebrew as an ordinary user',
      { platform: 'darwin', uid: 501, managers: ['brew'], packages: { redis: 'redis-server' } },
      {
        server: 'redis-server',
        manager: 'brew',
        command: /^brew install --quiet redis$/,
        said: /redis with brew,/,
      },
    ],
    [
      'Homebrew on Linux when apt-get would need a password',
      { uid: 1000, sudo: 1, managers: ['apt-get', 'brew'], packages: { redis: 'redis-server' } },
      { server: 'redis-server', manager: 'brew', command: /^brew install/, said: /with brew/ },
    ],
  ])('installs with %s, saying so', async (_, machine, expected) => {
    expect(await find(machine)).toEqual({
      kind: 'installed',
      path: join(bin, expected.server),
      manager: expected.manager,
    });
    expect(commands).toContainEqual(expect.stringMatching(expected.command));
    expect(said.at(-1)).toMatch(expected.said);
    expect(said.at(-1)).toContain('VERIQUEUE_INSTALL_REDIS=yes');
  });

  it('says what it will do before it does it', async () => {
    const events: string[] = [];
    const run = runOn(ROOT);
    await findOrInstallRedis({
      env: { PATH: bin, VERIQUEUE_INSTALL_REDIS: 'yes' },
      platform: 'linux',
      say: () => events.push('said'),
      run: (file, args, env) => {
        events.push(file);
        return run(file, args, env);
      },
    });
    expect(events.indexOf('said')).toBeLessThan(events.indexOf('sh'));
    expect(events).toContain('said');
  });

  it('has apt-get refresh its lists, ask nothing and start no service', async () => {
    await find(ROOT);
    const script = commands.find((line) => line.startsWith('sh -c')) ?? '';
    expect(script.indexOf('apt-get -q -o DPkg::Lock::Timeout=120 update')).toBeGreaterThan(0);
    expect(script.indexOf(' update')).toBeLessThan(script.indexOf(' install '));
    expect(script).toMatch(/DEBIAN_FRONTEND=noninteractive/);
    expect(script).toMatch(/--no-install-recommends/);
    expect(script).toMatch(/policy-rc\.d/);
    expect(script).toMatch(/systemctl disable/);
  });

  it('has Homebrew skip its own update', async () => {
    await find({ platform: 'darwin', uid: 501, managers: ['brew'], packages: { redis: 'redis-server' } });
    expect(environments).toContainEqual(expect.objectContaining({ HOMEBREW_NO_AUTO_UPDATE: '1' }));
  });

  it.each<[string, Machine, RegExp]>([
    ['nothing asks for it', { ...ROOT, installRedis: '' }, /again with VERIQUEUE_INSTALL_REDIS=yes/],
    ['it is forbidden', { ...ROOT, installRedis: 'no' }, /apt-get install redis-server/],
    ['a Mac has none', { ...ROOT, platform: 'darwin', installRedis: '' }, /brew install redis/],
    ['it is unclear', { ...ROOT, installRedis: 'never' }, /VERIQUEUE_INSTALL_REDIS must be yes or no/],
    ['sudo would ask for a password', { ...ROOT, uid: 1000, sudo: 1 }, /without asking/],
    ['there is no sudo', { ...ROOT, uid: 1000 }, /without asking/],
    ['there is no package manager', { uid: 0, managers: [] }, /without asking/],
    ['Homebrew is installed but the user is root', { uid: 0, managers: ['brew'] }, /without asking/],
    ['the system is another one', { ...ROOT, platform: 'win32' }, /without asking/],
    [
      'the installation fails',
      { uid: 0, managers: ['apt-get'], packages: {} },
      /apt-get could not install redis-server: exit code 1, .*Unable to locate package/,
    ],
  ])('names the three ways to get one when %s', async (_, machine, reason) => {
    const result = await find(machine);
    expect(result).toEqual({ kind: 'missing', message: expect.stringMatching(reason) });
    expect(result).toMatchObject({
      message: expect.stringMatching(/1\. install.*2\. run a container.*3\. set REDIS_URL/s),
    });
  });

  it.each(['', 'no', 'False', 'never'])('installs nothing with VERIQUEUE_INSTALL_REDIS=%s', async (word) => {
    await find({ ...ROOT, installRedis: word });
    expect(commands).toEqual([]);
    expect(said).toEqual([]);
  });

  it('says that the package manager has only one that is too old', async () => {
    const result = await find(ROOT, { [join(bin, 'redis-server')]: '5.0.7' });
    expect(result).toEqual({
      kind: 'missing',
      message: expect.stringMatching(/version must be 6\.2 or newer, but is 5\.0\.7/),
    });
  });
});

describe('a command that is really run', () => {
  const run = makeRunCommand({
    PATH: process.env['PATH'],
    LC_TIME: 'C',
    https_proxy: 'http://127.0.0.1:3128',
    VERIQUEUE_KEYS: 'a-sealing-key',
    TENCENTCLOUD_SECRET_KEY: 'an-account',
    REDIS_URL: 'redis://:a-password@127.0.0.1',
    GITHUB_TOKEN: 'a-token',
  });

  it('gets no variable but those that programs of the system need', async () => {
    const result = await run('env', [], { NAME: 'you' });
    const names = result.kind === 'exited' ? result.output.match(/^\w+(?==)/gm) : null;
    expect(names?.toSorted()).toEqual(['LC_TIME', 'NAME', 'PATH', 'https_proxy']);
  });

  it('gives its exit code and all its output, with the added environment', async () => {
    expect(await run('sh', ['-c', 'echo hello $NAME; echo bad >&2; exit 3'], { NAME: 'you' })).toEqual({
      kind: 'exited',
      code: 3,
      output: 'hello you\nbad\n',
    });
  });

  it('that does not exist is not an error', async () => {
    expect(await run('no-such-command-here', [])).toEqual({ kind: 'not-found' });
  });
});
