import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeSettled } from '../console/stored-verifications.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';
import { makeSubmission } from './submission-builder.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

const metric = async (producer: ProducerUnderTest, name: RegExp) =>
  (await (await fetch(`${producer.url}/metrics`)).text()).split('\n').find((line) => name.test(line));

describe('the records of one client', () => {
  let producer: ProducerUnderTest;
  beforeAll(async () => {
    producer = await startProducerUnderTest(server.url, { environment: { CLIENT_MAX_RECORDS: '3' } });
  });
  afterAll(() => producer.close());

  it('are limited: one more is answered 429 until one is gone, and other clients notice nothing', async () => {
    const first = makeSubmission();
    const { id } = await producer.submitted(first, { 'idempotency-key': 'first' });
    await producer.submitted();
    await producer.submitted();
    for (const headers of [{}, { 'idempotency-key': 'refused' }]) {
      const refused = await producer.submit(makeSubmission(), headers);
      expect([refused.status, (await readProblem(refused)).code]).toEqual([429, 'too_many_records']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(60);
    }
    expect((await producer.submitted(first, { 'idempotency-key': 'first' })).id).toBe(id);
    expect(await metric(producer, /^veriqueue_client_records_most\b/)).toMatch(/ 3$/);
    expect(await metric(producer, /^veriqueue_submissions_total\{result="too_many_records"/)).toMatch(/ 2$/);

    const other = await producer.addClient();
    const theirs = await producer.call('/v1/verifications', {
      as: other,
      method: 'POST',
      body: JSON.stringify(makeSubmission()),
      headers: { 'content-type': 'application/json' },
    });
    expect(theirs.status).toBe(202);

    expect((await producer.call(`/v1/verifications/${id}?erase=true`, { method: 'DELETE' })).status).toBe(
      204,
    );
    expect((await producer.submit(makeSubmission(), { 'idempotency-key': 'refused' })).status).toBe(202);
  });

  it('are kept a day only of what was cancelled before anything was asked', async () => {
    const client = await producer.addClient();
    const submitted = await producer.call('/v1/verifications', {
      as: client,
      method: 'POST',
      body: JSON.stringify(makeSubmission()),
      headers: { 'content-type': 'application/json' },
    });
    const { id } = (await submitted.json()) as { id: string };
    const before = Date.now();
    await producer.call(`/v1/verifications/${id}`, { as: client, method: 'DELETE' });
    const keptMs = Number(await producer.redis.zscore(producer.keys.retention(), id)) - before;
    expect(keptMs).toBeLessThan(25 * 3_600_000);
    expect(keptMs).toBeGreaterThan(23 * 3_600_000);
  });
});

describe('the redeliveries of one client', () => {
  const start = (environment: Record<string, string>) => startProducerUnderTest(server.url, { environment });
  const store = (producer: ProducerUnderTest, clientId = producer.client.clientId) =>
    storeSettled(
      { redis: producer.redis, keys: producer.keys, keyRing: producer.settings.VERIQUEUE_KEYS },
      { clientId },
    );
  const redeliver = async (producer: ProducerUnderTest, id: string, as = producer.client) => {
    const answer = await producer.call(`/v1/verifications/${id}/redeliver`, { method: 'POST', as });
    const code = answer.status === 202 ? 'redelivered' : (await readProblem(answer)).code;
    return { code, retryAfter: Number(answer.headers.get('retry-after')) };
  };

  it('are limited in what is under way: one more is answered 429 until one has ended', async () => {
    const producer = await start({ CLIENT_MAX_REDELIVERIES: '2' });
    try {
      const [one = '', two = '', three = ''] = await Promise.all([0, 1, 2].map(() => store(producer)));
      expect((await redeliver(producer, one)).code).toBe('redelivered');
      expect((await redeliver(producer, two)).code).toBe('redelivered');
      const refused = await redeliver(producer, three);
      expect(refused.code).toBe('too_many_redeliveries');
      expect(refused.retryAfter).toBeGreaterThan(0);
      const other = await producer.addClient();
      expect((await redeliver(producer, await store(producer, other.clientId), other)).code).toBe(
        'redelivered',
      );
      // As the worker leaves it.
      await producer.redis.hset(producer.keys.record(one), 'deliveryStatus', 'delivered');
      expect((await redeliver(producer, three)).code).toBe('redelivered');
      expect(await metric(producer, /^veriqueue_redeliveries_total\{result="too_many_redeliveries"/)).toMatch(
        / 1$/,
      );
    } finally {
      await producer.close();
    }
  });

  it('are limited in what is under way also where they are asked for at once, and what came to nothing takes no place', async () => {
    const producer = await start({ CLIENT_MAX_REDELIVERIES: '2' });
    try {
      const ids = await Promise.all(Array.from({ length: 8 }, () => store(producer)));
      const codes = (await Promise.all(ids.map((id) => redeliver(producer, id)))).map(({ code }) => code);
      expect(codes.filter((code) => code === 'redelivered')).toHaveLength(2);
      expect(codes.filter((code) => code === 'too_many_redeliveries')).toHaveLength(6);
      const open = producer.keys.openRedeliveries(producer.client.clientId);
      await producer.redis.del(open);
      const { id } = await producer.submitted();
      expect((await redeliver(producer, id)).code).toBe('not_redeliverable');
      expect(await producer.redis.scard(open)).toBe(0);
    } finally {
      await producer.close();
    }
  });

  it('are limited in their pace', async () => {
    const producer = await start({ CLIENT_REDELIVERIES_PER_MINUTE: '3' });
    try {
      const id = await store(producer);
      expect((await redeliver(producer, id)).code).toBe('redelivered');
      expect((await redeliver(producer, id)).code).toBe('not_redeliverable');
      await redeliver(producer, id);
      const refused = await redeliver(producer, id);
      expect(refused.code).toBe('too_many_requests');
      expect(refused.retryAfter).toBeGreaterThan(0);
    } finally {
      await producer.close();
    }
  });
});
