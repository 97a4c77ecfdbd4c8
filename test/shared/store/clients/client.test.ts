import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateApiKey } from '../../../../shared/sealing/api-key.ts';
import { type KeyRing, parseKeyRing } from '../../../../shared/sealing/key-ring.ts';
import { authenticate } from '../../../../shared/store/clients/authenticate.ts';
import { type ClientStore, readClient } from '../../../../shared/store/clients/client.ts';
import { createClient } from '../../../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../../../shared/store/keys.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const now = 1_700_000_000_000;

function makeKeyRing(...ids: string[]): KeyRing {
  const parsing = parseKeyRing(ids.map((id) => `${id}:${randomBytes(32).toString('base64')}`).join(','));
  if (!parsing.ok) throw new Error(parsing.errors.join());
  return parsing.keyRing;
}

let server: TestRedis;
let store: ClientStore;

beforeAll(async () => {
  server = await startTestRedis();
  store = { redis: new Redis(server.url), keys: storeKeys('main'), keyRing: makeKeyRing('k1') };
});
afterAll(async () => {
  store?.redis.disconnect();
  await server?.stop();
});

const newClient = { name: 'shop', allowedOrigins: ['https://hooks.example.com'], now };

describe('a client', () => {
  test('is read as it was made, with its secret in clear', async () => {
    const { clientId, webhookSecret } = await createClient(store, {
      ...newClient,
      callbackUrl: 'https://hooks.example.com/v',
    });
    expect(await readClient(store, clientId, now)).toEqual({
      status: 'found',
      client: {
        id: clientId,
        name: 'shop',
        callbackUrl: 'https://hooks.example.com/v',
        allowedOrigins: ['https://hooks.example.com'],
        webhookSecrets: [webhookSecret],
        disabled: false,
        weight: 100,
        maxWaiting: null,
        budget: null,
        selfService: { enabled: true, maxApiKeys: null, maxEndpoints: null },
        choseCallback: false,
        endpoints: [],
      },
    });
  });

  test('without a callback has none', async () => {
    const { clientId } = await createClient(store, newClient);
    expect(await readClient(store, clientId, now)).toMatchObject({ client: { callbackUrl: null } });
  });

  test('that was never made is missing', async () => {
    expect(await readClient(store, 'cli_none', now)).toEqual({ status: 'missing' });
  });

  test('is unreadable, by field, when its hash is damaged', async () => {
    const { clientId } = await createClient(store, newClient);
    await store.redis.hset(store.keys.client(clientId), 'allowedOrigins', 'https://');
    expect(await readClient(store, clientId, now)).toEqual({
      status: 'unreadable',
      fields: ['allowedOrigins'],
    });
  });

  test('is unreadable when no key of the ring opens its secrets, or they were taken from another client', async () => {
    const [first, second] = [await createClient(store, newClient), await createClient(store, newClient)];
    const unreadable = { status: 'unreadable', fields: ['webhookSecrets'] };
    expect(await readClient({ ...store, keyRing: makeKeyRing('k1') }, first.clientId, now)).toEqual(
      unreadable,
    );
    const stolen = await store.redis.hget(store.keys.client(first.clientId), 'webhookSecrets');
    await store.redis.hset(store.keys.client(second.clientId), 'webhookSecrets', stolen ?? '');
    expect(await readClient(store, second.clientId, now)).toEqual(unreadable);
  });

  test('signs with a retired secret until its time is over', async () => {
    const { clientId, webhookSecret } = await createClient(store, newClient);
    const key = store.keys.client(clientId);
    const [secret] = JSON.parse((await store.redis.hget(key, 'webhookSecrets')) ?? '[]') as {
      sealed: string;
    }[];
    await store.redis.hset(
      key,
      'webhookSecrets',
      JSON.stringify([secret, { sealed: secret?.sealed, retiresAt: now + 1000 }]),
    );
    const secretsAt = async (at: number) => {
      const reading = await readClient(store, clientId, at);
      return reading.status === 'found' ? reading.client.webhookSecrets : reading;
    };
    expect(await secretsAt(now + 999)).toEqual([webhookSecret, webhookSecret]);
    expect(await secretsAt(now + 1000)).toEqual([webhookSecret]);
  });
});

describe('an API key', () => {
  test('belongs to its client, which shows no secret', async () => {
    const { apiKey, clientId } = await createClient(store, newClient);
    const owner = await authenticate(store.redis, store.keys, apiKey);
    expect(owner?.client).toEqual({
      id: clientId,
      name: 'shop',
      callbackUrl: null,
      allowedOrigins: ['https://hooks.example.com'],
      disabled: false,
      weight: 100,
      maxWaiting: null,
      budget: null,
      selfService: { enabled: true, maxApiKeys: null, maxEndpoints: null },
      choseCallback: false,
    });
  });

  test('that was given to no client belongs to none', async () => {
    expect(await authenticate(store.redis, store.keys, generateApiKey(randomBytes))).toBeNull();
    expect(await authenticate(store.redis, store.keys, 'vq_short')).toBeNull();
  });

  test('of a disabled client, and one its client no longer lists, belong to no client', async () => {
    const disabled = await createClient(store, newClient);
    await store.redis.hset(store.keys.client(disabled.clientId), 'disabled', '1');
    expect(await authenticate(store.redis, store.keys, disabled.apiKey)).toBeNull();
    const revoked = await createClient(store, newClient);
    await store.redis.hset(store.keys.client(revoked.clientId), 'apiKeys', '[]');
    expect(await authenticate(store.redis, store.keys, revoked.apiKey)).toBeNull();
  });
});
