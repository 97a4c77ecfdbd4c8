import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { runCli, runJson } from './run-cli.ts';

const operatorKey = 'an-operator-key-of-the-tests';
let chain: Chain;
let folder: string;
beforeAll(async () => {
  [chain, folder] = await Promise.all([
    startChain({ workers: 0, environment: { OPERATOR_KEY: operatorKey } }),
    mkdtemp(join(tmpdir(), 'veriqueue-profile-')),
  ]);
  await writeFile(join(folder, 'key'), `${chain.client.apiKey}\n`);
  await writeFile(join(folder, 'operator-key'), `${operatorKey}\n`);
});
afterAll(async () => {
  await chain.stop();
  await rm(folder, { recursive: true });
});

const home = () => ({ XDG_CONFIG_HOME: join(folder, 'config') });
const file = () => join(folder, 'config/veriqueue/profiles.json');
const run = (...args: string[]) => runCli(args, home());
const set = (name: string, ...options: string[]) => run('profile', 'set', name, ...options);
const keyFiles = () => [
  '--key-file',
  join(folder, 'key'),
  '--operator-key-file',
  join(folder, 'operator-key'),
];

describe('veriqueue profile', { timeout: 240_000 }, () => {
  it('keeps addresses and keys for its owner alone, and shows no key', async () => {
    const made = await set('prod', '--url', chain.url, ...keyFiles());
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await stat(join(file(), '..'))).mode & 0o777).toBe(0o700);
    const shown = await run('profile', 'list', '--json');
    expect(JSON.parse(shown.stdout)).toEqual([
      {
        name: 'prod',
        url: chain.url,
        apiKey: `${chain.client.apiKey.slice(0, 6)}…`,
        operatorUrl: chain.url,
        operatorKey: '(set)',
      },
    ]);
    for (const { stdout } of [made, shown]) {
      expect(stdout).not.toContain(chain.client.apiKey);
      expect(stdout).not.toContain(operatorKey);
    }
    expect(await readFile(file(), 'utf8')).toContain(operatorKey);
  });

  it('gives commands of both kinds what they need, by option or variable, and no other place', async () => {
    await set('prod', '--url', chain.url, ...keyFiles());
    const named = { ...home(), VERIQUEUE_PROFILE: 'prod' };
    expect(await runJson(['lane', 'show', '--profile', 'prod'], home())).toMatchObject({
      lane: chain.keys.lane,
    });
    expect(await runJson(['lane', 'show'], named)).toMatchObject({ lane: chain.keys.lane });
    // Neither the environment's Redis nor one half of a pair is taken beside a profile.
    const beside = { ...named, REDIS_URL: 'redis://127.0.0.1:1' };
    expect(await runJson(['lane', 'show'], beside)).toMatchObject({ lane: chain.keys.lane });
    const onRedis = await runCli(['keys', 'rotate'], { ...chain.environment, ...named });
    expect(onRedis).toMatchObject({ code: 2 });
    expect(onRedis.stderr).toMatch(/^error: Cannot use profile prod for this\. This command works on Redis/);
    const mixed = await runCli(['get', 'ver_x', '--url', 'http://127.0.0.1:1'], named);
    expect(mixed).toMatchObject({ code: 2 });
    expect(mixed.stderr).toContain('--url and --key-file must be given both or neither');
  });

  it('says what a profile lacks, and that there is no such profile', async () => {
    await set('bare', '--url', chain.url);
    const lacking = await run('lane', 'show', '--profile', 'bare');
    expect(lacking).toMatchObject({ code: 2 });
    expect(lacking.stderr).toContain('veriqueue profile set bare --operator-key-file');
    const unknown = await run('lane', 'show', '--profile', 'constructor');
    expect(unknown.stderr).toMatch(/^error: Cannot find profile constructor: /);
    expect(await set('a b', '--url', chain.url)).toMatchObject({ code: 2 });
    expect(await set('none')).toMatchObject({ code: 2 });
    expect((await set('bad', '--url', 'ftp://x')).stderr).toContain('its url must be a URL with http');
  });

  it('refuses a file that others can read, and one that is none', async () => {
    await set('prod', '--url', chain.url);
    await chmod(file(), 0o640);
    const open = await run('profile', 'list');
    expect(open).toMatchObject({ code: 2, stdout: '' });
    expect(open.stderr).toContain(`chmod 600 '${file()}'`);
    await chmod(file(), 0o600);
    await writeFile(file(), '{"profiles": {"prod": {"apiKeys": "secret-of-the-file"}}}');
    const broken = await run('profile', 'list');
    expect(broken).toMatchObject({ code: 2 });
    expect(broken.stderr).not.toContain('secret-of-the-file');
    await rm(file());
  });

  it('forgets a profile when asked twice', async () => {
    await set('old', '--url', chain.url);
    expect(await run('profile', 'remove', 'old')).toMatchObject({ code: 2 });
    const would = await run('profile', 'remove', 'old', '--dry-run');
    expect(would.stdout).toBe('Would remove profile old. Nothing was changed.\n');
    expect(await run('profile', 'remove', 'old', '--yes')).toMatchObject({ code: 0 });
    expect((await run('profile', 'list')).stdout).not.toContain('old');
  });
});
