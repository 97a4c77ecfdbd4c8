import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError, type ReceiverAuthChange, Veriqueue } from '../../client/veriqueue.ts';
import { API_KEY_SCOPES } from '../../shared/contract/api-key-scope.ts';
import type { CreatedEndpoint } from '../../shared/contract/endpoint.ts';
import type { ApiKeyGrant } from '../../shared/store/clients/api-key-record.ts';
import { addApiKey } from '../../shared/store/clients/api-keys.ts';
import { type ClientChange, changeClient } from '../../shared/store/clients/change-client.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { addTestKey } from '../../shared/store/clients/test-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { parseEndpoints } from '../../shared/store/push/push-endpoint.ts';
import { loopbackCertificate, loopbackKey } from '../shared/webhook/loopback-certificate.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';
import { sendSlowly } from './send-slowly.ts';

const TEST_LANE = 'self-service-tests';
const ORIGIN = 'http://hooks.example.com';

let redis: TestRedis;
let producer: ProducerUnderTest;
const clock = { now: Date.parse('2030-01-31T00:00:00Z') };

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, {
    now: () => clock.now,
    environment: { TEST_LANE, CLIENT_MAX_API_KEYS: '4' },
  });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

/** A client with one endpoint, and a key that may change it. */
async function clientWithEndpoint() {
  const made = await producer.addClient({ allowedOrigins: [ORIGIN] });
  const grant = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [] };
  const target = { redis: producer.redis, keys: producer.keys, clientId: made.clientId };
  const apiKey =
    (await addApiKey(target, { now: clock.now, grant })) ?? expect.fail('a client must be there');
  const as: ClientCredentials = { ...made, apiKey };
  const answer = await producer.call('/v1/endpoints', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${ORIGIN}/events` }),
    as,
  });
  expect(answer.status).toBe(201);
  const { id } = (await answer.json()) as CreatedEndpoint;
  const stored = async () => {
    const list = await producer.redis.hget(producer.keys.client(made.clientId), 'endpoints');
    return parseEndpoints(list ?? '')[0] ?? expect.fail('the endpoint must be there');
  };
  return { as, id, stored };
}

describe('what is taken from a client while a change of its endpoint arrives', () => {
  const change = async (field: string, value: string) => {
    const { as, id, stored } = await clientWithEndpoint();
    const body = JSON.stringify({ url: `${ORIGIN}/other` });
    const url = `${producer.url}/v1/endpoints/${id}`;
    const { code } = await sendSlowly(url, { method: 'PATCH', apiKey: as.apiKey, body }, async () => {
      await producer.redis.hset(producer.keys.client(as.clientId), field, value);
      clock.now += 2_001;
    });
    return [code, (await stored()).url];
  };

  test('is gone: the change of a client that is disabled is refused', async () => {
    expect(await change('disabled', '1')).toEqual(['unauthorized', `${ORIGIN}/events`]);
  });

  test('is gone: so is one to an origin that is not registered any more', async () => {
    expect(await change('allowedOrigins', '[]')).toEqual(['invalid_request', `${ORIGIN}/events`]);
  });
});

describe('a client that changes its endpoints in a loop', () => {
  test('has the latest five secrets of one at most', async () => {
    const { as, id, stored } = await clientWithEndpoint();
    for (let i = 0; i < 8; i += 1) {
      const path = `/v1/endpoints/${id}/rotate-secret`;
      expect((await producer.call(path, { method: 'POST', as })).status).toBe(200);
    }
    const { secrets } = await stored();
    expect(secrets.map(({ retiresAt }) => retiresAt === null)).toEqual([true, false, false, false, false]);
  });

  test('is answered 429, and others are not', async () => {
    const [{ as }, other] = await Promise.all([clientWithEndpoint(), clientWithEndpoint()]);
    const path = `/v1/endpoints/ep_${'0'.repeat(26)}`;
    const attempt = () => producer.call(path, { method: 'DELETE', as });
    let answer = await attempt();
    for (let tries = 1; tries < 120 && answer.status === 404; tries += 1) answer = await attempt();
    expect([answer.status, (await readProblem(answer)).code]).toEqual([429, 'too_many_requests']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const again = await producer.call(`/v1/endpoints/${other.id}`, { method: 'DELETE', as: other.as });
    expect(again.status).toBe(204);
  });
});

/** What a call comes to: the code of its problem with the fields that are wrong, or nothing. */
async function problemOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) return error === null ? 'none' : String(error);
  return [error.code, ...error.errors.map(({ pointer, code }) => `${pointer} ${code}`)].join(' ');
}

const DAY = 86_400_000;
const iso = (ms: number) => new Date(ms).toISOString();
const using = (apiKey: string) => new Veriqueue({ url: producer.url, apiKey, maxRetries: 0 });

describe('an API key with the scope manage', () => {
  const makeClient = async (limits: Partial<ApiKeyGrant> = {}) => {
    const made = await producer.addClient({ allowedOrigins: [ORIGIN] });
    const grant = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [], ...limits };
    const target = { redis: producer.redis, keys: producer.keys, clientId: made.clientId };
    const apiKey = (await addApiKey(target, { now: clock.now, grant })) ?? expect.fail('no client');
    return { made, own: using(apiKey), prefix: apiKey.slice(0, 9) };
  };

  test('makes, lists and revokes keys of its client, up to the limit, and keeps the last one that manages', async () => {
    const { made, own, prefix } = await makeClient();
    const added = await own.apiKeys.add({ scopes: ['read'], expiresAt: iso(clock.now + DAY) });
    expect(added).toMatchObject({ scopes: ['read'], expiresAt: iso(clock.now + DAY), current: false });
    expect(await using(added.apiKey).lane()).toBeDefined();
    const listed = await own.apiKeys.list();
    expect(listed.map((key) => [key.prefix, key.current])).toEqual([
      [added.prefix, false],
      [prefix, true],
      [made.apiKey.slice(0, 9), false],
    ]);
    expect(JSON.stringify(listed)).not.toContain(added.apiKey);
    await own.apiKeys.add();
    expect(await problemOf(own.apiKeys.add())).toBe('too_many_api_keys');
    await own.apiKeys.revoke(added.prefix);
    clock.now += 2_001;
    expect(await problemOf(using(added.apiKey).lane())).toBe('unauthorized');
    const [other] = (await own.apiKeys.list()).filter(
      ({ scopes, current }) => scopes.length === 3 && !current,
    );
    await own.apiKeys.revoke(other?.prefix ?? expect.fail('there must be a second key that manages'));
    expect(await problemOf(own.apiKeys.revoke(prefix))).toBe('last_manage_key');
    await own.apiKeys.revoke(prefix, { evenLast: true });
    expect((await producer.call('/v1/api-keys', { as: made })).status).toBe(403);
  });

  test('makes none that may do more, for longer, or from elsewhere', async () => {
    const { own } = await makeClient({
      scopes: ['manage', 'read'],
      expiresAt: clock.now + DAY,
      addresses: ['127.0.0.0/8', '::1'],
    });
    const beyond = (key: object) => problemOf(own.apiKeys.add(key));
    const refused = 'invalid_request';
    expect(await beyond({ scopes: ['submit'] })).toBe(`${refused} /scopes beyond_own_key`);
    expect(await beyond({ expiresAt: null })).toBe(`${refused} /expiresAt beyond_own_key`);
    expect(await beyond({ expiresAt: iso(clock.now + DAY + 1) })).toBe(
      `${refused} /expiresAt beyond_own_key`,
    );
    expect(await beyond({ addresses: [] })).toBe(`${refused} /addresses beyond_own_key`);
    expect(await beyond({ addresses: ['127.0.0.1', '126.0.0.0/7'] })).toBe(
      `${refused} /addresses/1 beyond_own_key`,
    );
    expect(await beyond({ test: true })).toContain(refused);
    expect(await own.apiKeys.add()).toMatchObject({
      scopes: ['read', 'manage'],
      expiresAt: iso(clock.now + DAY),
      addresses: ['127.0.0.0/8', '::1'],
    });
    expect(await own.apiKeys.add({ scopes: ['read'], addresses: ['127.1.0.0/16'] })).toMatchObject({
      addresses: ['127.1.0.0/16'],
    });
  });

  test('that is a test key sees and makes test keys alone', async () => {
    const { made, own } = await makeClient();
    const grant = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [] };
    const store = { redis: producer.redis, keys: producer.keys, testKeys: storeKeys(TEST_LANE) };
    const { VERIQUEUE_KEYS: keyRing } = producer.settings;
    const test = await addTestKey({ ...store, keyRing }, made.clientId, { now: clock.now, grant });
    const tests = using(test?.apiKey ?? expect.fail('the client must be there'));
    expect((await tests.apiKeys.add({ scopes: ['read'] })).apiKey).toMatch(/^vq_test_/);
    const prefixes = async (of: Veriqueue) => (await of.apiKeys.list()).map(({ prefix }) => prefix);
    expect((await prefixes(tests)).every((prefix) => prefix.startsWith('vq_test_'))).toBe(true);
    expect((await prefixes(own)).some((prefix) => prefix.startsWith('vq_test_'))).toBe(false);
    expect(await problemOf(tests.apiKeys.revoke(made.apiKey.slice(0, 9)))).toBe('not_found');
  });

  test('changes the callback within the origins that are registered, and its secret', async () => {
    const { made, own } = await makeClient();
    expect(await own.callback.get()).toEqual({
      url: null,
      allowedOrigins: [ORIGIN],
      auth: null,
      secrets: [{ signsUntil: null }],
    });
    expect(await own.callback.change({ url: `${ORIGIN}/events` })).toMatchObject({ url: `${ORIGIN}/events` });
    expect(await problemOf(own.callback.change({ url: 'http://elsewhere.example/' }))).toBe(
      'invalid_request /url origin_not_allowed',
    );
    const rotated = await own.callback.rotateSecret({ overlapSeconds: 60 });
    expect(rotated).toEqual({
      secret: expect.stringMatching(/^whsec_/),
      previousSignsUntil: iso(clock.now + 60_000),
    });
    expect(rotated.secret).not.toBe(made.webhookSecret);
    expect((await own.callback.get()).secrets).toEqual([
      { signsUntil: null },
      { signsUntil: iso(clock.now + 60_000) },
    ]);
    expect(await own.callback.change({ url: null })).toMatchObject({ url: null });
    const noted = JSON.stringify(await producer.redis.xrange(producer.keys.auditTrail(), '-', '+'));
    for (const action of ['change_callback', 'rotate_webhook_secret', 'add_api_key', 'revoke_api_key']) {
      expect(noted).toContain(action);
    }
    expect(noted).not.toContain('elsewhere.example');
  });

  test('begins an endpoint behind no number that no event has: workers would send all of them again', async () => {
    const { own } = await makeClient();
    const url = `${ORIGIN}/x`;
    expect(await problemOf(own.endpoints.add({ url, after: 1 }))).toBe('unknown_sequence');
    const { id } = await own.endpoints.add({ url, after: 0 });
    expect(await problemOf(own.endpoints.change(id, { after: 1 }))).toBe('unknown_sequence');
    expect((await own.endpoints.list()).map(({ after }) => after)).toEqual([0]);
  });

  test('gives a receiver no header that carries or signs an event, and no certificate that cannot be used', async () => {
    const { own } = await makeClient();
    const refusal = (auth: object) =>
      problemOf(own.endpoints.add({ url: `${ORIGIN}/x`, auth: auth as ReceiverAuthChange }));
    const reserved = [
      'Host',
      'webhook-signature',
      'Content-Length',
      'connection',
      'Proxy-Authorization',
      'traceparent',
    ];
    for (const name of reserved) {
      expect([name, await refusal({ headers: { [name]: 'v' } })]).toEqual([
        ...[name, 'invalid_request /auth/headers reserved_header'],
      ]);
    }
    const certificate = loopbackCertificate;
    const key = loopbackKey;
    const { privateKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const otherKey = other.export({ format: 'pem', type: 'pkcs8' });
    expect([
      await refusal({ headers: { 'x y': 'v' } }),
      await refusal({ headers: { 'x-y': 'v\r\nwebhook-id: 1' } }),
      await refusal({ headers: { 'x-y': '1', 'X-Y': '2' } }),
      await refusal({ headers: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`x-${i}`, 'v'])) }),
      await refusal({ headers: { [`x-${'y'.repeat(63)}`]: 'v' } }),
      await refusal({ basic: { username: 'a:b', password: '' } }),
      // Sent as it stands, it would be another user name.
      await refusal({ basic: { username: '\ud83d', password: '\ude00' } }),
      await refusal({ basic: { username: 'a', password: 'p' }, headers: { authorization: 'Bearer x' } }),
      await refusal({ clientCertificate: { certificate: 'no', key } }),
      await refusal({ clientCertificate: { certificate, key: 'no' } }),
      await refusal({ clientCertificate: { certificate, key: otherKey } }),
      await problemOf(own.callback.change({ auth: { headers: { 'x-y': 'v' } } })),
    ]).toEqual([
      'invalid_request /auth/headers header_name',
      'invalid_request /auth/headers header_value',
      'invalid_request /auth/headers repeated_header',
      'invalid_request /auth/headers too_many_headers',
      'invalid_request /auth/headers too_large',
      'invalid_request /auth/basic basic_credentials',
      'invalid_request /auth/basic not_unicode',
      'invalid_request /auth/basic repeated_header',
      'invalid_request /auth/clientCertificate/certificate certificate',
      'invalid_request /auth/clientCertificate/key private_key',
      'invalid_request /auth/clientCertificate/key other_key',
      'invalid_request /auth no_url',
    ]);
    expect(await own.endpoints.list()).toEqual([]);
    const made = await own.endpoints.add({
      url: `${ORIGIN}/x`,
      auth: { clientCertificate: { certificate, key } },
    });
    expect(made.auth).toMatchObject({
      clientCertificate: { expiresAt: '2120-01-01T00:00:00.000Z' },
      basic: false,
    });
    clock.now = Date.parse('2119-12-20T00:00:00Z');
    const [ending] = await own.endpoints.list();
    expect(ending?.auth?.clientCertificate?.expiresSoon).toBe(true);
    clock.now = Date.parse('2030-01-31T00:00:00Z');
    expect(await own.endpoints.change(made.id, { auth: { headers: { 'x-y': 'v' } } })).toMatchObject({
      auth: { headers: ['x-y'], clientCertificate: { expiresSoon: false } },
    });
    expect(await own.endpoints.change(made.id, { auth: null })).toMatchObject({ auth: null });
  });

  test('changes nothing where the operator has turned that off, and no more than the operator allows', async () => {
    const { made, own } = await makeClient();
    const change = (settings: ClientChange) =>
      changeClient(producer.redis, producer.keys, made.clientId, settings).then(() => {
        clock.now += 2_001;
      });
    await change({ maxApiKeys: 2, maxEndpoints: 0 });
    expect(await problemOf(own.apiKeys.add())).toBe('too_many_api_keys');
    expect(await problemOf(own.endpoints.add({ url: `${ORIGIN}/x` }))).toBe('too_many_endpoints');
    await change({ selfService: false, maxApiKeys: null });
    const changes = [
      own.apiKeys.add(),
      own.apiKeys.revoke(made.apiKey.slice(0, 9)),
      own.callback.change({ url: null }),
      own.callback.rotateSecret(),
      own.endpoints.add({ url: `${ORIGIN}/x` }),
    ];
    expect(await Promise.all(changes.map(problemOf))).toEqual(changes.map(() => 'self_service_off'));
    expect((await own.apiKeys.list()).length).toBe(2);
    await change({ selfService: true });
    expect(await problemOf(own.apiKeys.add())).toBe('none');
  });
});
