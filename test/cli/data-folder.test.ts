import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../../dev/redis/private-redis.ts';
import { generateKey } from '../../shared/sealing/generate-keys.ts';
import { findAbility } from '../support/needs.ts';
import '../support/needs-redis.ts';
import { requireRedisBinary } from '../support/redis-binary.ts';
import { runCli } from './run-cli.ts';

/** Only root can make a folder of another user. */
const isRoot = findAbility(process.getuid?.() === 0, { name: 'root', get: 'run npm test as root' });

let dataDir: string;
let redis: PrivateRedis;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'veriqueue-cli-'));
  const silent = { info: () => undefined, warn: () => undefined };
  const binary = await requireRedisBinary();
  redis = await startPrivateRedis({ dataDir: join(dataDir, 'redis'), binary, log: silent });
});
afterAll(async () => {
  await redis.stop();
  await rm(dataDir, { recursive: true });
});

/** A `.data` in a folder of its own, which names an address that answers nothing. */
async function makeDataFolder(): Promise<{ cwd: string; folder: string }> {
  const cwd = await mkdtemp(join(tmpdir(), 'veriqueue-cwd-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  const folder = join(cwd, '.data');
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, 'dev-client.json'), JSON.stringify({ apiKey: 'vq_development' }));
  await writeFile(join(folder, 'address'), 'http://127.0.0.1:65535\n');
  return { cwd, folder };
}

const inFolder = (cwd: string, environment = { VERIQUEUE_DATA_DIR: '.data' }) =>
  runCli(['watch'], environment, cwd);
const believed = { code: 1, stderr: expect.stringContaining('(ECONNREFUSED)') };
const OTHER_USER = 65_534;

describe('a .data folder in the current folder', () => {
  it('is believed when it is the own one', async () => {
    expect(await inFolder((await makeDataFolder()).cwd)).toMatchObject(believed);
  });

  it.each([
    ['the folder', '.', 0o777],
    ['the folder, for its group', '.', 0o770],
    ['a file', 'address', 0o666],
  ])('is refused when others may write to %s', async (_what, name, mode) => {
    const { cwd, folder } = await makeDataFolder();
    await chmod(join(folder, name), mode);
    const { code, stderr } = await inFolder(cwd);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^error: \.data.*can be changed by other users.*chmod -R go-w '.*'\n$/),
    });
    // An absolute path says who owns it, not that everybody may write to it.
    expect(await inFolder(cwd, { VERIQUEUE_DATA_DIR: folder })).toMatchObject({ code: 2 });
  });

  describe.skipIf(!isRoot)('of another user', () => {
    it.each([
      ['the folder', '.'],
      ['a file', 'address'],
    ])('is refused for %s, and says what to do', async (_what, name) => {
      const { cwd, folder } = await makeDataFolder();
      await chown(join(folder, name), OTHER_USER, OTHER_USER);
      const { code, stderr } = await inFolder(cwd);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^error: \.data.*belongs to another user \(id 65534\).*VERIQUEUE_DATA_DIR to the absolute path.*chown -R/,
      );
    });

    it('is refused for the folder of the private Redis', async () => {
      const { cwd, folder } = await makeDataFolder();
      await mkdir(join(folder, 'redis'), { mode: 0o700 });
      await writeFile(join(folder, 'redis', 'instance.json'), JSON.stringify({ port: 1, password: 'x' }));
      await chown(join(folder, 'redis'), OTHER_USER, OTHER_USER);
      const { code, stderr } = await runCli(['client', 'list'], { VERIQUEUE_DATA_DIR: '.data' }, cwd);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/belongs to another user/)]);
    });

    it('is refused behind a link of another user', async () => {
      const { cwd, folder } = await makeDataFolder();
      const { lchown } = await import('node:fs/promises');
      await symlink(folder, join(cwd, 'link'));
      await lchown(join(cwd, 'link'), OTHER_USER, OTHER_USER);
      expect(await inFolder(cwd, { VERIQUEUE_DATA_DIR: 'link' })).toMatchObject({ code: 2 });
    });

    it('is believed when it is named by its absolute path, or belongs to who called sudo', async () => {
      const { cwd, folder } = await makeDataFolder();
      for (const name of ['.', 'address', 'dev-client.json'])
        await chown(join(folder, name), OTHER_USER, OTHER_USER);
      expect(await inFolder(cwd, { VERIQUEUE_DATA_DIR: folder })).toMatchObject(believed);
      const sudo = { VERIQUEUE_DATA_DIR: '.data', SUDO_UID: String(OTHER_USER) };
      expect(await inFolder(cwd, sudo)).toMatchObject(believed);
    });
  });
});

describe('without REDIS_URL and VERIQUEUE_KEYS', () => {
  it('finds both where npm start keeps them, and makes neither', async () => {
    const args = ['client', 'create', '--name', 'dev', '--callback-url', 'http://127.0.0.1:4000/events'];
    const keyless = await runCli(args, { VERIQUEUE_DATA_DIR: dataDir });
    expect(keyless.code).toBe(1);
    expect(keyless.stderr).toMatch(/^error: No sealing keys to use\. Set VERIQUEUE_KEYS, .*\n$/);

    await writeFile(join(dataDir, 'sealing-keys'), `${generateKey(randomBytes)}\n`);
    const made = await runCli(args, { VERIQUEUE_DATA_DIR: dataDir });
    expect(made.stdout).toMatch(/^client +cli_\S+\nAPI key +vq_[0-9a-f]{72}\nwebhook secret +whsec_\S+\n$/);
    const list = await runCli(['client', 'list'], { VERIQUEUE_DATA_DIR: dataDir });
    expect(list.stdout).toMatch(
      /^CLIENT +NAME +STATE +WEIGHT +KEYS +CALLBACK\ncli_\S+ +dev +enabled +100 +1 +http:\S+\n$/,
    );
  });

  it('finds the producer and a key where npm start keeps them, and never mixes them with others', async () => {
    const where = { VERIQUEUE_DATA_DIR: dataDir };
    await writeFile(join(dataDir, 'dev-client.json'), JSON.stringify({ apiKey: 'vq_development' }));
    await writeFile(join(dataDir, 'address'), 'http://127.0.0.1:65535\n');
    const args = ['get', 'ver_01jd000000000000000000000a'];
    const [found, mixed] = await Promise.all([
      runCli(['watch'], where),
      runCli(args, { ...where, VERIQUEUE_URL: 'https://veriqueue.example.com' }),
    ]);
    expect(found).toMatchObject({ code: 1, stdout: '' });
    expect(found.stderr).toMatch(/^error: Cannot read the lane: .*\(ECONNREFUSED\)\n$/);
    expect(mixed.code).toBe(2);
    expect(mixed.stderr).toMatch(/Set VERIQUEUE_API_KEY or --key-file too: .*\n$/);
  });

  it('says in one line what is missing when there is nothing to find', async () => {
    const { code, stdout, stderr } = await runCli(['client', 'list'], {});
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: No Redis to use\. Set REDIS_URL, .*\n$/);
  });

  it('reports a Redis that is not there, and a mistaken environment, in one line too', async () => {
    const [gone, mistaken] = await Promise.all([
      runCli(['client', 'list'], { REDIS_URL: 'redis://:a-password@127.0.0.1:1' }),
      runCli(['client', 'list'], { REDIS_URL: 'http://user:a-password@example.com', LANE: '!' }),
    ]);
    expect(gone.stderr).toMatch(/^error: Redis is not ready after .*ECONNREFUSED.*\n$/);
    expect(mistaken.stderr).toMatch(/^error: .*LANE must .*; REDIS_URL must .*\n$/);
    expect([gone.code, mistaken.code]).toEqual([1, 2]);
    for (const { stderr } of [gone, mistaken]) expect(stderr).not.toContain('a-password');
  });
});
