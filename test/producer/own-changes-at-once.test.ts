import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeClientEndpoint, removeClientEndpoint } from '../../producer/endpoints/client-endpoints.ts';
import { API_KEY_SCOPES } from '../../shared/contract/api-key-scope.ts';
import { DEFAULT_GRANT, parseApiKeys } from '../../shared/store/clients/api-key-record.ts';
import { addApiKey, addApiKeyWithin, revokeApiKey } from '../../shared/store/clients/api-keys.ts';
import { changeClient, chooseCallback } from '../../shared/store/clients/change-client.ts';
import { describeClient } from '../../shared/store/clients/describe-client.ts';
import { parseReceiverAuths } from '../../shared/store/clients/receiver-auth.ts';
import { parseEndpoints } from '../../shared/store/push/push-endpoint.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';

const ORIGIN = 'http://hooks.example.com';
/** As many as `limitChanges` lets through at once. */
const AT_ONCE = 60;

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

async function makeClient() {
  const made = await producer.addClient({ allowedOrigins: [ORIGIN] });
  const target = { redis: producer.redis, keys: producer.keys, clientId: made.clientId };
  const grant = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [] };
  const apiKey = (await addApiKey(target, { now: Date.now(), grant })) ?? expect.fail('no client');
  const send = (method: 'POST' | 'PATCH') => (path: string, body: object) =>
    producer.call(path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      as: { ...made, apiKey },
    });
  const [post, patch] = [send('POST'), send('PATCH')];
  const field = async (name: string) =>
    (await producer.redis.hget(producer.keys.client(made.clientId), name)) ?? '';
  const countKeys = async () =>
    parseApiKeys('apiKeys', await field('apiKeys')).length +
    parseApiKeys('scopedKeys', await field('scopedKeys')).length;
  return { made, target, post, patch, field, countKeys };
}

/** How often each answer came: its status, and the code of a problem. */
async function tally(answers: Promise<Response>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const answer of await Promise.all(answers)) {
    const name = answer.ok ? String(answer.status) : (await readProblem(answer)).code;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe('changes that a client makes at once', () => {
  test('never leave it with more keys than it may have, whatever the keys may do', async () => {
    const { post, countKeys } = await makeClient();
    const scopesOf = (i: number) => (i % 2 === 0 ? ['submit', 'read'] : ['read']);
    const answers = await tally(times(AT_ONCE, (i) => post('/v1/api-keys', { scopes: scopesOf(i) })));
    expect(answers).toEqual({ 201: 18, too_many_api_keys: 42 });
    expect(await countKeys()).toBe(20);
  });

  test('are all made: each secret that is rotated comes to its turn', async () => {
    const { post } = await makeClient();
    expect(await tally(times(AT_ONCE, () => post('/v1/callback/rotate-secret', {})))).toEqual({
      200: AT_ONCE,
    });
  });

  test('add as many endpoints as there is room for, and leave nothing of the others', async () => {
    const { post, field } = await makeClient();
    const endpoint = { url: `${ORIGIN}/events`, auth: { headers: { 'x-gateway-token': 'of-the-test' } } };
    expect(await tally(times(AT_ONCE, () => post('/v1/endpoints', endpoint)))).toEqual({
      201: 5,
      too_many_endpoints: 55,
    });
    const ids = parseEndpoints(await field('endpoints')).map(({ id }) => id);
    expect(Object.keys(parseReceiverAuths(await field('receiverAuth'))).sort()).toEqual(ids.sort());
  });
});

/** Makes the change at the moment at which the other one has read what it depends on. */
function before(change: () => Promise<unknown>) {
  let isMade = false;
  return new Proxy(producer.redis, {
    get: (store, name) => {
      const value: unknown = Reflect.get(store, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        const reply: unknown = await Reflect.apply(value, store, args);
        if (name === 'hmget' && !isMade) {
          isMade = true;
          await change();
        }
        return reply;
      };
    },
  });
}

test('of the last two keys, one of each list, only one is revoked', async () => {
  const { target, made, field, countKeys } = await makeClient();
  const [managing] = parseApiKeys('scopedKeys', await field('scopedKeys'));
  const revokeOther = () => revokeApiKey(target, managing?.prefix ?? '');
  const racing = { ...target, redis: before(revokeOther) };
  expect(await revokeApiKey(racing, made.apiKey.slice(0, 9))).toEqual({ status: 'last_key' });
  expect(await countKeys()).toBe(1);
});

test('nothing sealed is left of an endpoint that is removed while its receiver is given a password', async () => {
  const { target, post, field } = await makeClient();
  const made = (await (await post('/v1/endpoints', { url: `${ORIGIN}/events` })).json()) as { id: string };
  const described = await describeClient(target.redis, target.keys, target.clientId, Date.now());
  if (described.status !== 'found') expect.fail('the client must be there');
  const owner = { client: described.client, note: async () => undefined };
  const deps = {
    ...{ redis: producer.redis, keys: producer.keys, keyRing: producer.settings.VERIQUEUE_KEYS },
    ...{ rules: { allowInsecureCallbacks: true }, maxEndpoints: 5, now: Date.now },
  };
  const racing = { ...deps, redis: before(() => removeClientEndpoint(deps, owner, made.id)) };
  const auth = { headers: { 'x-gateway-token': 'of-the-test' } };
  const changing = changeClientEndpoint(racing, owner, made.id, { auth });
  await expect(changing).rejects.toMatchObject({ code: 'not_found' });
  expect([await field('endpoints'), parseReceiverAuths(await field('receiverAuth'))]).toEqual(['', {}]);
});

test('a key of one list counts for the other one that is added meanwhile', async () => {
  const { target, countKeys } = await makeClient();
  const addDefault = () => addApiKeyWithin(target, { now: 1 }, 3);
  const grant = { ...DEFAULT_GRANT, expiresAt: 2 };
  const racing = { ...target, redis: before(addDefault) };
  expect(await addApiKeyWithin(racing, { now: 1, grant }, 3)).toEqual({ status: 'too_many' });
  expect(await countKeys()).toBe(3);
});

test('a key ends in the year 9999 at the latest, because no later time can be shown', async () => {
  const { post } = await makeClient();
  const answer = await post('/v1/api-keys', { expiresAt: '9999-12-31T23:59:59-23:59' });
  expect(await readProblem(answer)).toMatchObject({
    code: 'invalid_request',
    errors: [{ pointer: '/expiresAt', code: 'too_late' }],
  });
  expect((await post('/v1/api-keys', { expiresAt: '9999-12-31T23:59:59Z' })).status).toBe(201);
});

describe('a callback that the operator replaces', () => {
  const operators = 'http://operator.example.net';

  test('is not brought back by a change that was decided before', async () => {
    const { made, target } = await makeClient();
    const { redis: store, keys } = target;
    const present = `${operators}/before`;
    await changeClient(store, keys, made.clientId, { callbackUrl: `${ORIGIN}/after` });
    const choice = { url: `${operators}/own`, present, mustBeRegistered: false };
    expect(await chooseCallback(store, keys, made.clientId, choice)).toBe('stale');
    expect((await describeClient(store, keys, made.clientId, 0)).status).toBe('found');
    expect(await store.hget(keys.client(made.clientId), 'callbackUrl')).toBe(`${ORIGIN}/after`);
  });

  test('stays replaced, however many changes of its client come at once', async () => {
    const { made, target, patch } = await makeClient();
    const { redis: store, keys } = target;
    await changeClient(store, keys, made.clientId, { callbackUrl: `${operators}/before` });
    const changes = times(AT_ONCE / 2, (i) => patch('/v1/callback', { url: `${operators}/own-${i}` }));
    await changeClient(store, keys, made.clientId, { callbackUrl: `${ORIGIN}/after` });
    const answers = await tally(changes);
    expect(Object.keys(answers).filter((answer) => answer !== '200' && answer !== 'invalid_request')).toEqual(
      [],
    );
    expect(await store.hget(keys.client(made.clientId), 'callbackUrl')).toBe(`${ORIGIN}/after`);
  });
});
