import { typeidUnboxed } from 'typeid-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EventDelivery, eventDeliveryPage } from '../../../shared/contract/event-delivery.ts';
import type { ClientCredentials } from '../../../shared/store/clients/create-client.ts';
import { finishVerification } from '../../../shared/store/verifications/finish.ts';
import { acceptRecord, makeFinishing, makeOutcome, storeOf } from '../../support/records.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer-under-test.ts';

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

/** An answered verification; its event is not delivered yet. */
async function store(
  { clientId }: ClientCredentials,
  submittedAt: number,
  status: 'completed' | 'failed' = 'completed',
): Promise<string> {
  const { keys, settings } = producer;
  const id = typeidUnboxed('ver');
  await acceptRecord(producer.redis, keys, settings.VERIQUEUE_KEYS, { id, clientId, submittedAt });
  const finishing = makeFinishing(id, { clientId, status, outcome: makeOutcome({}) });
  await finishVerification(storeOf(producer.redis, keys), finishing);
  return id;
}

async function readPages(query: Readonly<Record<string, string>>, as: ClientCredentials) {
  const pages: EventDelivery[][] = [];
  let cursor: string | null = null;
  do {
    const asked: Record<string, string> = cursor === null ? query : { ...query, cursor };
    const answer = await producer.call(`/v1/deliveries?${new URLSearchParams(asked)}`, { as });
    expect(answer.status).toBe(200);
    const page = eventDeliveryPage.parse(await answer.json());
    pages.push(page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

test('deliveries of both kinds of outcome, many in one millisecond, are listed once each, newest first', async () => {
  const as = await producer.addClient({});
  const at = Date.parse('2030-01-31T00:00:00Z');
  const ids: { id: string; at: number }[] = [];
  for (let i = 0; i < 30; i += 1) {
    const submittedAt = at + Math.floor(i / 10);
    ids.push({ id: await store(as, submittedAt, i % 3 === 0 ? 'failed' : 'completed'), at: submittedAt });
  }
  const expected = ids.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
  for (const limit of ['1', '7', '100']) {
    const pages = await readPages({ limit }, as);
    expect(pages.flat().map(({ verification }) => verification)).toEqual(expected);
  }
  const failed = (await readPages({}, as)).flat().filter(({ type }) => type === 'verification.failed');
  expect(failed).toHaveLength(10);
});

test('a search by state looks at a thousand records a request, and comes to the end', async () => {
  const as = await producer.addClient({});
  const at = Date.parse('2030-02-01T00:00:00Z');
  const oldest = await store(as, at);
  await producer.redis.hset(producer.keys.record(oldest), 'deliveryStatus', 'dead');
  for (let i = 0; i < 1_250; i += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, k) => store(as, at + 1 + i + k)));
  }
  const pages = await readPages({ status: 'dead', limit: '5' }, as);
  expect(pages.map((page) => page.map(({ verification }) => verification))).toEqual([[], [oldest]]);
});

test('what is stored of another type, or is damaged, is left out', async () => {
  const as = await producer.addClient({});
  const at = Date.parse('2030-03-01T00:00:00Z');
  const [damaged, wrong, sound] = [await store(as, at), await store(as, at + 1), await store(as, at + 2)];
  await producer.redis.hset(producer.keys.record(damaged), 'deliveryStatus', 'constructor');
  await producer.redis.del(producer.keys.record(wrong));
  await producer.redis.set(producer.keys.record(wrong), 'not a hash');
  await producer.redis.set(producer.keys.deliveryLog(sound), 'not a list');
  const listed = (await readPages({}, as)).flat();
  expect(listed.map(({ verification, lastAttempt }) => [verification, lastAttempt])).toEqual([[sound, null]]);
});
