import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requiredScope } from '../../../producer/access/required-scope.ts';
import { OPERATIONS } from '../../../producer/openapi/operations.ts';
import { hashApiKey } from '../../../shared/sealing/api-key.ts';
import { type ApiKeyGrant, DEFAULT_GRANT } from '../../../shared/store/clients/api-key-record.ts';
import { addApiKey, revokeApiKey } from '../../../shared/store/clients/api-keys.ts';
import { authenticate } from '../../../shared/store/clients/authenticate.ts';
import { describeClient } from '../../../shared/store/clients/describe-client.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from '../producer-under-test.ts';
import { makeSubmission } from '../submission-builder.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;
const clock = { now: Date.parse('2030-01-31T00:00:00Z') };

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, {
    now: () => clock.now,
    environment: { TRUSTED_PROXIES: '127.0.0.1' },
  });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

async function keyWith(grant: Partial<ApiKeyGrant>): Promise<string> {
  const target = { redis: producer.redis, keys: producer.keys, clientId: producer.client.clientId };
  const apiKey = await addApiKey(target, { now: clock.now, grant: { ...DEFAULT_GRANT, ...grant } });
  return apiKey ?? expect.fail('the client must be there');
}

const call = (apiKey: string, path: string, init: RequestInit = {}) =>
  producer.call(path, { ...init, as: { ...producer.client, apiKey } });
const answerOf = async (answer: Response) =>
  answer.ok ? answer.status : [answer.status, (await readProblem(answer)).code];
const submit = (apiKey: string) =>
  call(apiKey, '/v1/verifications', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(makeSubmission()),
  });

describe('a scope', () => {
  test('lets a key do what it names, and nothing else', async () => {
    const { id } = await producer.submitted();
    const tries = {
      submit: submit,
      redeliver: (key: string) => call(key, `/v1/verifications/${id}/redeliver`, { method: 'POST' }),
      show: (key: string) => call(key, `/v1/verifications/${id}`),
      list: (key: string) => call(key, '/v1/verifications'),
      events: (key: string) => call(key, '/v1/events'),
      lane: (key: string) => call(key, '/v1/lane'),
    };
    const resultsOf = async (grant: Partial<ApiKeyGrant>) => {
      const apiKey = await keyWith(grant);
      const results = await Promise.all(
        Object.entries(tries).map(async ([name, request]) => [name, await answerOf(await request(apiKey))]),
      );
      return Object.fromEntries(results);
    };
    const missing = [403, 'scope_missing'];
    const tooEarly = [409, 'not_redeliverable'];
    const reading = { show: 200, list: 200, events: 200 };
    const notReading = { show: missing, list: missing, events: missing };
    expect(await resultsOf({ scopes: ['submit'] })).toEqual({
      submit: 202,
      redeliver: missing,
      ...notReading,
      lane: 200,
    });
    expect(await resultsOf({ scopes: ['read'] })).toEqual({
      submit: missing,
      redeliver: tooEarly,
      ...reading,
      lane: 200,
    });
    expect(await resultsOf({ scopes: ['manage'] })).toEqual({
      submit: missing,
      redeliver: missing,
      ...notReading,
      lane: 200,
    });
    expect(await resultsOf({})).toEqual({ submit: 202, redeliver: tooEarly, ...reading, lane: 200 });
  });

  test('that is missing is named, with those that the key has', async () => {
    const apiKey = await keyWith({ scopes: ['read'] });
    const answer = await submit(apiKey);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="veriqueue", error="insufficient_scope", scope="submit"',
    );
    expect((await readProblem(answer)).detail).toBe(
      `The key ${apiKey.slice(0, 9)}… has read; this request needs submit.`,
    );
  });

  test('is in the description of each operation, and an operation without one needs manage', async () => {
    const document = (await (await fetch(`${producer.url}/openapi.json`)).json()) as {
      readonly paths: Record<string, Record<string, object>>;
    };
    const described = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((operation) => {
        const { operationId, ...rest } = operation as Record<string, unknown>;
        return [operationId, rest['x-required-scope'] ?? null];
      }),
    );
    const expected = Object.entries(OPERATIONS).map(([id, { scope }]) => [id, scope]);
    expect(new Map(described as [])).toEqual(new Map(expected as []));
    expect([requiredScope('somethingNew'), requiredScope(undefined)]).toEqual(['manage', 'manage']);
  });
});

test('a key works until it expires, and is 401 key_expired from then on', async () => {
  const apiKey = await keyWith({ expiresAt: clock.now + 1_000 });
  clock.now += 999;
  expect((await call(apiKey, '/v1/lane')).status).toBe(200);
  clock.now += 1;
  const answer = await call(apiKey, '/v1/lane');
  expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  expect([answer.status, await readProblem(answer)]).toMatchObject([
    401,
    {
      code: 'key_expired',
      detail: `The key ${apiKey.slice(0, 9)}… was valid until 2030-01-31T00:00:01.000Z.`,
    },
  ]);
});

test('a key with an address list is 403 from elsewhere, by what a trusted proxy says', async () => {
  const apiKey = await keyWith({ addresses: ['203.0.113.0/24', '2001:db8::/32'] });
  const from = (address: string) => call(apiKey, '/v1/lane', { headers: { 'x-forwarded-for': address } });
  const statuses = async (...addresses: string[]) =>
    Promise.all(addresses.map(async (address) => (await from(address)).status));
  expect(await statuses('203.0.113.9', '::ffff:203.0.113.9', '2001:db8::1')).toEqual([200, 200, 200]);
  expect(await statuses('203.0.114.9', '2001:db9::1', '203.0.113.9, 198.51.100.1')).toEqual([403, 403, 403]);
  expect(await readProblem(await from('198.51.100.7'))).toMatchObject({
    code: 'address_not_allowed',
    detail: `The request comes from 198.51.100.7, which is not on the list of the key ${apiKey.slice(0, 9)}….`,
  });
});

test('the last use of a key is written once a minute, and goes with the key', async () => {
  const apiKey = await keyWith({});
  const { redis: store, keys, client } = producer;
  const lastUse = async () => store.hget(keys.apiKeyUses(), hashApiKey(apiKey));
  expect(await lastUse()).toBeNull();
  const first = clock.now;
  await call(apiKey, '/v1/lane');
  await expect.poll(lastUse, { timeout: 60_000 }).toBe(String(first));
  clock.now += 59_999;
  await call(apiKey, '/v1/lane');
  clock.now += 1;
  await call(apiKey, '/v1/lane');
  await expect.poll(lastUse, { timeout: 60_000 }).toBe(String(first + 60_000));
  const described = await describeClient(store, keys, client.clientId, clock.now);
  expect(described).toMatchObject({ status: 'found' });
  if (described.status !== 'found') return;
  expect(described.client.apiKeys.find(({ prefix }) => apiKey.startsWith(prefix))?.lastUsedAt).toBe(
    first + 60_000,
  );
  await revokeApiKey({ redis: store, keys, clientId: client.clientId }, apiKey.slice(0, 9));
  expect([await lastUse(), await authenticate(store, keys, apiKey)]).toEqual([null, null]);
});

describe('beside a version that knows no scopes', () => {
  test('a key with limits is wrong to it, and what it writes loses no limit', async () => {
    const { redis: store, keys } = producer;
    const { clientId } = await producer.addClient();
    const target = { redis: store, keys, clientId };
    const limited = await addApiKey(target, {
      now: clock.now,
      grant: { ...DEFAULT_GRANT, scopes: ['read'] },
    });
    // The version before knows the field `apiKeys` alone, and writes it again as a whole.
    const known = JSON.parse((await store.hget(keys.client(clientId), 'apiKeys')) ?? '[]') as object[];
    expect(known).toHaveLength(1);
    const added = { hash: hashApiKey(randomBytes(8).toString('hex')), prefix: 'vq_abcdef', createdAt: 1 };
    await store.hset(keys.client(clientId), 'apiKeys', JSON.stringify([added, ...known]));
    const owner = await authenticate(store, keys, limited ?? '');
    expect(owner?.key).toMatchObject({ scopes: ['read'] });
    expect(await describeClient(store, keys, clientId, clock.now)).toMatchObject({
      client: { apiKeys: [{}, {}, { prefix: 'vq_abcdef', scopes: ['submit', 'read'] }] },
    });
  });

  test('a limited key cannot be the last either', async () => {
    const { redis: store, keys } = producer;
    const made = await producer.addClient();
    const target = { redis: store, keys, clientId: made.clientId };
    const limited = await addApiKey(target, {
      now: clock.now,
      grant: { ...DEFAULT_GRANT, expiresAt: clock.now + 1 },
    });
    expect(await revokeApiKey(target, made.apiKey.slice(0, 9))).toMatchObject({ status: 'revoked' });
    expect(await revokeApiKey(target, (limited ?? '').slice(0, 9))).toEqual({ status: 'last_key' });
  });
});
