import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../../../shared/redis/private-redis.ts';
import { generateKey } from '../../../shared/sealing/key-ring.ts';
import { requireRedisBinary } from '../../support/redis.ts';
import { runCli } from './run-cli.ts';

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

describe('without REDIS_URL and VERIQUEUE_KEYS', () => {
  it('finds both where npm start keeps them, and makes neither', async () => {
    const args = ['client', 'create', '--name', 'dev', '--callback-url', 'http://127.0.0.1:4000/events'];
    const keyless = await runCli(args, { VERIQUEUE_DATA_DIR: dataDir });
    expect(keyless.code).toBe(1);
    expect(keyless.stderr).toMatch(/^error: Cannot open what is sealed: VERIQUEUE_KEYS must be set, .*\n$/);

    await writeFile(join(dataDir, 'sealing-keys'), `${generateKey(randomBytes)}\n`);
    const made = await runCli(args, { VERIQUEUE_DATA_DIR: dataDir });
    expect(made.stdout).toMatch(/^client +cli_\S+\nAPI key +vq_[0-9a-f]{72}\nwebhook secret +whsec_\S+\n$/);
    const list = await runCli(['client', 'list'], { VERIQUEUE_DATA_DIR: dataDir });
    expect(list.stdout).toMatch(
      /^CLIENT +NAME +STATE +KEYS +CALLBACK\ncli_\S+ +dev +enabled +1 +http:\S+\n$/,
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
    expect(found.stderr).toMatch(/^error: Cannot read the lane: .* received ECONNREFUSED\n$/);
    expect(mixed.code).toBe(2);
    expect(mixed.stderr).toMatch(/VERIQUEUE_API_KEY or --key-file must be given too\n$/);
  });

  it('says in one line what is missing when there is nothing to find', async () => {
    const { code, stdout, stderr } = await runCli(['client', 'list'], {});
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: Cannot find Redis: REDIS_URL must be set, .*\n$/);
  });

  it('tells a Redis that is not there, and a mistaken environment, in one line too', async () => {
    const [gone, mistaken] = await Promise.all([
      runCli(['client', 'list'], { REDIS_URL: 'redis://:a-password@127.0.0.1:1' }),
      runCli(['client', 'list'], { REDIS_URL: 'http://user:a-password@example.com', LANE: '!' }),
    ]);
    expect(gone.stderr).toMatch(/^error: Cannot use Redis: .*ECONNREFUSED.*\n$/);
    expect(mistaken.stderr).toMatch(/^error: .*LANE: .*; REDIS_URL: .*\n$/);
    expect([gone.code, mistaken.code]).toEqual([1, 2]);
    for (const { stderr } of [gone, mistaken]) expect(stderr).not.toContain('a-password');
  });
});
