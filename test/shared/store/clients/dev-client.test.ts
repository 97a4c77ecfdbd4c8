import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseKeyRing } from '../../../../shared/sealing/key-ring.ts';
import { authenticate } from '../../../../shared/store/clients/authenticate.ts';
import { type ClientStore, readClient } from '../../../../shared/store/clients/client.ts';
import { ensureDevClient } from '../../../../shared/store/clients/dev-client.ts';
import { storeKeys } from '../../../../shared/store/keys.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

let server: TestRedis;
let store: ClientStore & { dataDir: string };
let root: string;

beforeAll(async () => {
  server = await startTestRedis();
  root = await mkdtemp(join(tmpdir(), 'veriqueue-dev-client-'));
  const parsing = parseKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  if (!parsing.ok) throw new Error(parsing.errors.join());
  store = { redis: new Redis(server.url), keys: storeKeys('main'), keyRing: parsing.keyRing, dataDir: '' };
});
afterAll(async () => {
  store?.redis.disconnect();
  await rm(root, { recursive: true, force: true });
  await server?.stop();
});
beforeEach(async () => {
  await store.redis.flushall();
  store = { ...store, dataDir: join(await mkdtemp(join(root, 'case-')), 'made', 'on demand') };
});

describe('the dev client', () => {
  test('is made at the first start, can be used, and its credentials are for its owner’s eyes', async () => {
    const { path, clientId, apiKey, webhookSecret } = await ensureDevClient(store);
    expect(path).toBe(join(store.dataDir, 'dev-client.json'));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ clientId, apiKey, webhookSecret });
    expect(await authenticate(store.redis, store.keys, apiKey)).toMatchObject({
      client: { id: clientId, name: 'dev' },
    });
    expect(await readClient(store, clientId, Date.now())).toMatchObject({
      client: { webhookSecrets: [webhookSecret], allowedOrigins: ['*'], callbackUrl: null },
    });
  });

  test('stays the same over restarts, and what was set for it stays too', async () => {
    const first = await ensureDevClient(store);
    await store.redis.hset(store.keys.client(first.clientId), 'callbackUrl', 'http://127.0.0.1:9/');
    expect(await ensureDevClient(store)).toEqual(first);
    expect(await readClient(store, first.clientId, Date.now())).toMatchObject({
      client: { callbackUrl: 'http://127.0.0.1:9/' },
    });
  });

  test('is made again with the same credentials when Redis has lost it', async () => {
    const first = await ensureDevClient(store);
    await store.redis.flushall();
    expect(await ensureDevClient(store)).toEqual(first);
    expect(await authenticate(store.redis, store.keys, first.apiKey)).toMatchObject({
      client: { id: first.clientId },
    });
  });

  test('is one even when several processes start at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => ensureDevClient(store)));
    expect(new Set(all.map((each) => each.apiKey)).size).toBe(1);
  });

  test('closes its file to others when it was opened to them', async () => {
    const { path } = await ensureDevClient(store);
    await chmod(path, 0o644);
    await ensureDevClient(store);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('is never replaced when its file cannot be read', async () => {
    const { path } = await ensureDevClient(store);
    await writeFile(path, '{"apiKey": ');
    await expect(ensureDevClient(store)).rejects.toThrow(`${path} must hold clientId`);
    expect(await readFile(path, 'utf8')).toBe('{"apiKey": ');
  });
});
