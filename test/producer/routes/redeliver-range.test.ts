import { afterAll, beforeAll, expect, test } from 'vitest';
import { API_KEY_SCOPES } from '../../../shared/contract/api-key-scope.ts';
import type { RedeliveryProgress, RedeliveryRange } from '../../../shared/contract/redelivery-range.ts';
import { addApiKey } from '../../../shared/store/clients/api-keys.ts';
import { storeSettled } from '../../console/stored-verifications.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from '../producer-under-test.ts';

const PER_MINUTE = 3;
const NOON = Date.parse('2030-01-31T12:00:00Z');

let redis: TestRedis;
let producer: ProducerUnderTest;
beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, {
    environment: { CLIENT_REDELIVERIES_PER_MINUTE: String(PER_MINUTE) },
  });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

/** A client with events in these states, in this order. */
async function clientWith(deliveries: readonly ('delivered' | 'dead')[]) {
  const made = await producer.addClient();
  const { redis: store, keys, settings } = producer;
  const grant = { scopes: API_KEY_SCOPES, expiresAt: null, addresses: [] };
  const target = { redis: store, keys, clientId: made.clientId };
  const apiKey = (await addApiKey(target, { now: NOON, grant })) ?? expect.fail('no client');
  for (const [i, delivery] of deliveries.entries()) {
    const place = { clientId: made.clientId, delivery, submittedAt: NOON + i };
    await storeSettled({ redis: store, keys, keyRing: settings.VERIQUEUE_KEYS }, place);
  }
  const redeliver = (range: Partial<RedeliveryRange> = {}) =>
    producer.call('/v1/redeliveries', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ from: '2030-01-31T00:00:00Z', until: '2030-02-01T00:00:00Z', ...range }),
      as: { ...made, apiKey },
    });
  return { made, redeliver };
}

const readProgress = async (answer: Response) => (await answer.json()) as RedeliveryProgress;

test('what is left alone in a period costs nothing, so that a request comes past any number of it', async () => {
  const left = Array.from({ length: PER_MINUTE * 3 }, () => 'delivered' as const);
  const { redeliver } = await clientWith([...left, 'dead']);
  const answer = await redeliver({ deliveryStatus: 'dead' });
  expect([answer.status, await readProgress(answer)]).toEqual([
    200,
    { redelivered: 1, notDue: left.length, unanswered: 0, notAllowed: 0, missing: 0, nextCursor: null },
  ]);
});

test('a request that reaches the limit says how far it came, and the next one goes on from there', async () => {
  const { redeliver } = await clientWith(['dead', 'dead', 'dead', 'delivered', 'dead']);
  const first = await readProgress(await redeliver({ deliveryStatus: 'dead' }));
  expect(first).toMatchObject({ redelivered: PER_MINUTE, notDue: 1, nextCursor: expect.any(String) });
  const next = await redeliver({ deliveryStatus: 'dead', cursor: first.nextCursor ?? '' });
  expect([next.status, (await readProblem(next)).code]).toEqual([429, 'too_many_requests']);
});

test('a request that redelivered nothing adds nothing to the audit trail, however often it is made', async () => {
  const { made, redeliver } = await clientWith(['delivered']);
  await Promise.all(Array.from({ length: 10 }, () => redeliver({ deliveryStatus: 'dead' })));
  expect((await readProgress(await redeliver())).redelivered).toBe(1);
  // In the order in which they were noted: the last one is that of the request that did something.
  const noted = async () => {
    const entries = await producer.redis.xrange(producer.keys.auditTrail(), '-', '+');
    return entries
      .map(([, fields]) => fields.join(' '))
      .filter((text) => text.includes('redeliver_range') && text.includes(made.clientId)).length;
  };
  await expect.poll(noted).toBe(1);
});
