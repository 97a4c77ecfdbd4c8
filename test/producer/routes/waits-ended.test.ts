import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_FEED_WAITS_OF_CLIENT } from '../../../producer/http-limits.ts';
import { API_KEY_SCOPES } from '../../../shared/contract/api-key-scope.ts';
import type { ApiKeyGrant } from '../../../shared/store/clients/api-key-record.ts';
import { addApiKey, revokeApiKey } from '../../../shared/store/clients/api-keys.ts';
import { answerTest, testWebhookId } from '../../../shared/store/push/test-event.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from '../producer-under-test.ts';

const clock = { now: Date.parse('2030-01-31T00:00:00Z') };
const REMEMBERED_MS = 2_000;

let redis: TestRedis;
let producer: ProducerUnderTest;
beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, { now: () => clock.now });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

async function makeClient(callbackUrl: string | null = null) {
  const made = await producer.addClient(callbackUrl === null ? {} : { callbackUrl });
  const { redis: store, keys } = producer;
  const target = { redis: store, keys, clientId: made.clientId };
  const keyWith = async (grant: Partial<ApiKeyGrant>) => {
    const whole = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [], ...grant };
    return (await addApiKey(target, { now: clock.now, grant: whole })) ?? expect.fail('no client');
  };
  const call = (apiKey: string, path: string, init: RequestInit = {}) =>
    producer.call(path, { ...init, as: { ...made, apiKey } });
  /** As an outcome gives the next number; what the event says is of no matter here. */
  const addEvent = () => store.hincrby(keys.feedNumbers(), made.clientId, 1);
  return { target, keyWith, call, addEvent };
}

const codeOf = async (answer: Response) => (answer.ok ? answer.status : (await readProblem(answer)).code);

/** Requests under this key that wait for an event: as many as may. */
async function waitUnder(client: Awaited<ReturnType<typeof makeClient>>, apiKey: string) {
  const waiting = Array.from({ length: MAX_FEED_WAITS_OF_CLIENT }, () =>
    client.call(apiKey, '/v1/events?wait=20').then(codeOf),
  );
  const other = await client.keyWith({});
  const refused = async () => codeOf(await client.call(other, '/v1/events?wait=1'));
  await expect.poll(refused, { timeout: 15_000 }).toBe('too_many_requests');
  return waiting;
}

test('a request that waited for an event shows none to a key that was revoked meanwhile', async () => {
  const client = await makeClient();
  const apiKey = await client.keyWith({ scopes: ['read'] });
  const waiting = await waitUnder(client, apiKey);
  expect(await revokeApiKey(client.target, apiKey.slice(0, 9))).toMatchObject({ status: 'revoked' });
  clock.now += REMEMBERED_MS + 1;
  await client.addEvent();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['unauthorized']));
});

test('nor to one that has expired meanwhile', async () => {
  const client = await makeClient();
  const waiting = await waitUnder(client, await client.keyWith({ expiresAt: clock.now + 1 }));
  clock.now += 1;
  await client.addEvent();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['key_expired']));
});

test('test events of one client are four at a time, so that its silent receiver holds up no other deliveries', async () => {
  const client = await makeClient('http://hooks.example.com/');
  const apiKey = await client.keyWith({});
  const send = () => client.call(apiKey, '/v1/callback/test', { method: 'POST' }).then(codeOf);
  const { redis: store, keys } = producer;
  const asked = () => store.keys(keys.testEvent('*'));
  const sent = Array.from({ length: 4 }, send);
  await expect.poll(async () => (await asked()).length, { timeout: 15_000 }).toBe(4);
  expect(await send()).toBe('too_many_requests');
  // As a worker does.
  const at = new Date(clock.now).toISOString();
  for (const id of (await asked()).map((key) => key.slice(keys.testEvent('').length))) {
    const what = { webhookId: testWebhookId(id), url: 'http://hooks.example.com/', at, durationMs: 1 };
    const delivery = { ...what, accepted: true, status: 204, errorClass: null, answer: '' };
    await answerTest(store, keys, id, { status: 'sent', delivery });
  }
  expect(await Promise.all(sent)).toEqual([200, 200, 200, 200]);
});
