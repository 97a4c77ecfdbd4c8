import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verificationPage } from '../../shared/contract/verification.ts';
import { jobKeysOf } from '../../shared/store/queue/verification-flow.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { startReplyCutter } from '../support/reply-cutter.ts';
import { startSlowReplies } from '../support/slow-replies.ts';
import {
  listTraces,
  type ProducerUnderTest,
  readProblem,
  scanKeys,
  startProducerUnderTest,
} from './producer-under-test.ts';
import { makeForm, makeJpegOf, makeSubmission } from './submission-builder.ts';

/** The client's second, and some more for a machine that does other things too. */
const WITHIN_MS = 2_500;

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
  // The queues' bookkeeping keys exist from here on.
  const { id } = await producer.submitted();
  await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

async function expectUnavailable(answer: Promise<Response>) {
  const began = performance.now();
  const received = await answer;
  const tookMs = performance.now() - began;
  expect([received.status, (await readProblem(received)).code]).toEqual([503, 'unavailable']);
  expect(Number(received.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(tookMs).toBeLessThan(WITHIN_MS);
}

const queueOf = (name: string) => {
  const queue = new Queue(name, {
    connection: producer.redis,
    prefix: producer.keys.queuePrefix,
    skipMetasUpdate: true,
  });
  queue.on('error', () => undefined);
  return queue;
};

/** The states of its verification and delivery job. */
const jobsOf = (id: string) =>
  Promise.all(
    [producer.keys.verificationQueue, producer.keys.deliveryQueue].map((name) =>
      queueOf(name).getJobState(id),
    ),
  );

const accepts = async () => (await producer.submit()).status === 202;

describe('when Redis’ memory is full', () => {
  test('submissions are answered 503 and leave nothing behind, reading goes on', async () => {
    const { id } = await producer.submitted();
    const before = await listTraces(producer);
    await producer.redis.config('SET', 'maxmemory', '1mb');
    try {
      await expectUnavailable(producer.submit());
      await expectUnavailable(producer.submit(makeForm({}, [['image', makeJpegOf(300_000)]])));
      await expectUnavailable(producer.submit(makeSubmission(), { 'idempotency-key': 'full' }));
      expect((await producer.call(`/v1/verifications/${id}`)).status).toBe(200);
      expect(await listTraces(producer)).toEqual(before);
    } finally {
      await producer.redis.config('SET', 'maxmemory', '0');
    }
    expect((await producer.submit(makeSubmission(), { 'idempotency-key': 'full' })).status).toBe(202);
  });

  test('while submissions come in, each is stored as a whole or not at all', async () => {
    const as = await producer.addClient();
    const info = await producer.redis.info('memory');
    const used = Number(/used_memory:(\d+)/.exec(info)?.[1]);
    await producer.redis.config('SET', 'maxmemory', String(used + 3_000_000));
    const statuses: number[] = [];
    try {
      for (let i = 0; i < 6; i += 1) {
        const answers = await Promise.all(
          Array.from({ length: 5 }, () =>
            producer.submit(makeForm({}, [['image', makeJpegOf(200_000)]]), {
              authorization: `Bearer ${as.apiKey}`,
            }),
          ),
        );
        statuses.push(...answers.map((answer) => answer.status));
      }
    } finally {
      await producer.redis.config('SET', 'maxmemory', '0');
    }
    const accepted = statuses.filter((status) => status === 202).length;
    expect(new Set(statuses)).toEqual(new Set([202, 503]));
    const page = await producer.call('/v1/verifications?limit=100', { as });
    const { data } = verificationPage.parse(await page.json());
    expect(data).toHaveLength(accepted);
    expect(data.every((each) => each.status === 'queued' && each.position !== null)).toBe(true);
    const subjects = (await scanKeys(producer)).filter((key) => key.includes(':subject:'));
    const records = await producer.redis.zcard(producer.keys.unfinishedIndex());
    expect(subjects.length).toBeLessThanOrEqual(records);
  });
});

describe('when a part of the transaction fails', () => {
  test('what the other parts wrote is taken back', async () => {
    const before = await listTraces(producer);
    const counter = `${producer.keys.queuePrefix}:${producer.keys.verificationQueue}:pc`;
    const value = await producer.redis.get(counter);
    await producer.redis.set(counter, 'not a number');
    try {
      await expectUnavailable(producer.submit(makeSubmission(), { 'idempotency-key': 'part' }));
      expect(await listTraces(producer)).toEqual(before);
    } finally {
      await producer.redis.set(counter, value ?? '0');
    }
    expect((await producer.submit(makeSubmission(), { 'idempotency-key': 'part' })).status).toBe(202);
  });

  test('Redis that forgot its scripts takes the next submission as a whole', async () => {
    await producer.submitted();
    await producer.redis.script('FLUSH');
    const { id } = await producer.submitted();
    expect(await jobsOf(id)).toEqual(['prioritized', 'waiting-children']);
  });
});

describe('when a verification has lost its jobs', () => {
  test.each([
    [
      'both jobs',
      (id: string) => [jobKeysOf(producer.keys, id).verification, jobKeysOf(producer.keys, id).delivery],
    ],
    ['the verification job', (id: string) => [jobKeysOf(producer.keys, id).verification]],
    [
      'the list they stand in',
      () => [`${producer.keys.queuePrefix}:${producer.keys.verificationQueue}:prioritized`],
    ],
  ])('a repeat under its Idempotency-Key completes it: %s', async (what, lost) => {
    const key = { 'idempotency-key': `lost ${what}` };
    const { id } = await producer.submitted(makeSubmission(), key);
    await producer.redis.del(lost(id));
    const repeat = await producer.submit(makeSubmission(), key);
    expect([repeat.status, repeat.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect(await jobsOf(id)).toEqual(['prioritized', 'waiting-children']);
    const { verification, delivery } = jobKeysOf(producer.keys, id);
    expect(await producer.redis.smembers(`${delivery}:dependencies`)).toEqual([verification]);
  });

  test('one that was cancelled gets none', async () => {
    const key = { 'idempotency-key': 'cancelled' };
    const { id } = await producer.submitted(makeSubmission(), key);
    await producer.call(`/v1/verifications/${id}`, { method: 'DELETE' });
    expect((await producer.submit(makeSubmission(), key)).status).toBe(202);
    expect(await jobsOf(id)).toEqual(['unknown', 'unknown']);
  });
});

describe('when Redis has become a replica', () => {
  test('submissions are answered 503 without a trace, and accepted again after the failover', async () => {
    const before = await listTraces(producer);
    await producer.redis.replicaof('127.0.0.1', 1);
    try {
      await expectUnavailable(producer.submit());
      await expectUnavailable(producer.submit(makeSubmission(), { 'idempotency-key': 'replica' }));
    } finally {
      await producer.redis.replicaof('NO', 'ONE');
    }
    expect(await listTraces(producer)).toEqual(before);
    await expect.poll(accepts, { timeout: 60_000 }).toBe(true);
  });
});

describe('when Redis hangs', () => {
  const isReady = () =>
    expect.poll(async () => (await fetch(`${producer.url}/readyz`)).status, { timeout: 60_000 }).toBe(200);

  test('everything is answered 503 within the second, but for whether the process lives', async () => {
    redis.hang();
    try {
      await Promise.all([
        expectUnavailable(producer.submit()),
        expectUnavailable(producer.call('/v1/verifications')),
        expectUnavailable(producer.submit(makeSubmission(), { 'idempotency-key': 'hung' })),
      ]);
      const began = performance.now();
      expect((await fetch(`${producer.url}/readyz`)).status).toBe(503);
      expect(performance.now() - began).toBeLessThan(WITHIN_MS);
      expect((await fetch(`${producer.url}/livez`)).status).toBe(200);
      expect(await (await fetch(`${producer.url}/metrics`)).text()).toMatch(/^veriqueue_redis_up\{.*\} 0$/m);
    } finally {
      redis.wake();
    }
    await isReady();
  });

  test('a submission that Redis carried out after its client was answered 503 is taken back', async () => {
    const cutter = await startReplyCutter(redis.url);
    const own = await startProducerUnderTest(cutter.url, { environment: { CLIENT_MAX_RECORDS: '0' } });
    try {
      const counter = `${own.keys.queuePrefix}:${own.keys.verificationQueue}:id`;
      const { id } = await own.submitted();
      const before = await listTraces(own);
      // Only the transaction names such a key: what comes before, such as the place and the promise, is answered.
      cutter.beforeSending(own.keys.arrivingPhoto(''), () => redis.hang());
      try {
        await expectUnavailable(own.submit());
      } finally {
        redis.wake();
      }
      await expect.poll(async () => Number(await own.redis.get(counter)), { timeout: 60_000 }).toBe(2);
      await expect.poll(() => listTraces(own), { timeout: 60_000 }).toEqual(before);
      expect((await own.call(`/v1/verifications/${id}`)).status).toBe(200);
    } finally {
      await own.close();
      await cutter.close();
    }
  });

  test('a submission with an Idempotency-Key can be repeated, and is stored once', async () => {
    const as = await producer.addClient();
    const send = (key = 'hang') =>
      producer.submit(makeSubmission(), { 'idempotency-key': key, authorization: `Bearer ${as.apiKey}` });
    await send('another');
    redis.hang();
    try {
      await expectUnavailable(send());
    } finally {
      redis.wake();
    }
    await isReady();
    // The first one might still be under way.
    const claims = async () =>
      (await scanKeys(producer)).filter((key) => key.includes(`:idempotency:${as.clientId}`));
    await expect.poll(claims).toHaveLength(2);
    expect((await send()).status).toBe(409);
    for (const claim of await claims()) await producer.redis.hset(claim, 'at', Date.now() - 60_000);
    expect((await send()).status).toBe(202);
    expect((await send()).headers.get('idempotent-replayed')).toBe('true');
    const page = await producer.call('/v1/verifications', { as });
    expect(verificationPage.parse(await page.json()).data).toHaveLength(2);
  });
});

describe('when Redis’ answers take long', () => {
  test('submissions are accepted once, and what comes when they have waited too long is refused before it is sent', async () => {
    const slow = await startSlowReplies(redis.url, 'veriqueue-producer-flow');
    const own = await startProducerUnderTest(slow.url);
    try {
      await own.submitted();
      const before = await own.redis.zcard(own.keys.unfinishedIndex());
      // One answer every half second or so, of which the last takes longer than any single command may.
      slow.trickle(30);
      const accepted = Promise.all(Array.from({ length: 6 }, () => own.submit()));
      const stored = () => own.redis.zcard(own.keys.unfinishedIndex());
      await expect.poll(stored, { timeout: 60_000 }).toBe(before + 6);
      const later: Promise<number>[] = [];
      const statuses: number[] = [];
      const isRefused = () => {
        later.push(own.submit().then(({ status }) => statuses.push(status)));
        return statuses.includes(503);
      };
      await expect.poll(isRefused, { timeout: 60_000, interval: 100 }).toBe(true);
      slow.trickle(null);
      expect((await accepted).map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 202));
      await Promise.all(later);
      expect(await stored()).toBe(before + 6 + statuses.filter((status) => status === 202).length);
    } finally {
      await own.close();
      await slow.close();
    }
  });
});

describe('when Redis is gone', () => {
  test('requests are answered 503 at once, and served again soon after it is back, with what was accepted', async () => {
    const { id } = await producer.submitted();
    await redis.down();
    await Promise.all([
      expectUnavailable(producer.submit()),
      expectUnavailable(producer.call(`/v1/verifications/${id}`)),
      expectUnavailable(producer.call(`/v1/verifications/${id}`, { method: 'DELETE' })),
    ]);
    await redis.up();
    await expect.poll(accepts, { timeout: 60_000 }).toBe(true);
    // Reading has a connection of its own, which may come back a moment later.
    const reads = async () => (await producer.call(`/v1/verifications/${id}`)).status;
    await expect.poll(reads, { timeout: 60_000 }).toBe(200);
  });
});

describe('when the backlog is full', () => {
  test('submissions are answered 503 with a time to come back, and without a trace; repeats still find theirs', async () => {
    const own = await startProducerUnderTest(redis.url, { environment: { MAX_BACKLOG: '3' } });
    try {
      const key = { 'idempotency-key': 'first' };
      const first = await own.submitted(makeSubmission(), key);
      await own.submitted();
      await own.submitted();
      const before = await scanKeys(own);
      for (const headers of [{}, { 'idempotency-key': 'fourth' }]) {
        const answer = await own.submit(makeSubmission(), headers);
        expect([answer.status, (await readProblem(answer)).code]).toEqual([503, 'backlog_full']);
        const seconds = Number(answer.headers.get('retry-after'));
        expect(seconds).toBeGreaterThanOrEqual(1);
        expect(seconds).toBeLessThanOrEqual(3600);
      }
      expect(await scanKeys(own)).toEqual(before);
      expect((await own.submitted(makeSubmission(), key)).id).toBe(first.id);
      await own.call(`/v1/verifications/${first.id}`, { method: 'DELETE' });
      await expect.poll(async () => (await own.submit()).status, { timeout: 60_000 }).toBe(202);
    } finally {
      await own.close();
    }
  });
});
