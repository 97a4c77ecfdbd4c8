import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeRate, takeSubmission } from '../../producer/rate-limit.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';
import { makeIdCard, makeSubmission } from './submission-builder.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;
let second: ProducerUnderTest;

/** So slow that nothing comes back within the test. */
const environment = { CLIENT_RATE_PER_SECOND: '0.001', CLIENT_BURST: '5', LANE: 'rates' };

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, { environment });
  second = await startProducerUnderTest(redis.url, {
    environment: { ...environment, VERIQUEUE_KEYS: 'k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=' },
  });
});
afterAll(async () => {
  await Promise.all([producer?.close(), second?.close()]);
  await redis?.stop();
});

const submitAs = async (to: ProducerUnderTest, as = producer.client, body: object = makeSubmission()) =>
  to.call('/v1/verifications', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    as,
  });

describe('a client that submits faster than it may', () => {
  test('is let through up to its burst, over all producers together, then asked to wait', async () => {
    const as = await producer.addClient();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => submitAs(i % 2 === 0 ? producer : second, as)),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(5);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(15);
    for (const answer of refused) {
      expect(answer.headers.get('ratelimit-policy')).toBe('"submissions";q=5;w=5000');
      expect(answer.headers.get('ratelimit')).toMatch(/^"submissions";r=0;t=(5000|49\d\d)$/);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(900);
      expect(await readProblem(answer)).toMatchObject({ code: 'too_many_requests', status: 429 });
    }
    const left = answers.map(({ headers }) => /r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]).sort();
    expect(left.slice(-5)).toEqual(['0', '1', '2', '3', '4']);
  });

  test('is refused before its body is read', async () => {
    const as = await producer.addClient();
    for (let i = 0; i < 5; i += 1) await submitAs(producer, as);
    const status = await new Promise((resolve, reject) => {
      const submission = request(`${producer.url}/v1/verifications`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${as.apiKey}`,
          'content-type': 'application/json',
          'content-length': 3_000_000,
        },
      });
      submission.on('response', (answer) => {
        resolve(answer.statusCode);
        submission.destroy();
      });
      submission.on('error', reject);
      // Not one byte of the body is sent.
      submission.flushHeaders();
    });
    expect(status).toBe(429);
  });

  test('takes nothing from the others, and can still read', async () => {
    const [busy, other] = [await producer.addClient(), await producer.addClient()];
    for (let i = 0; i < 6; i += 1) await submitAs(producer, busy);
    expect((await submitAs(producer, busy)).status).toBe(429);
    expect((await submitAs(producer, other)).status).toBe(202);
    expect((await producer.call('/v1/verifications', { as: busy })).status).toBe(200);
  });

  test('pays for refused submissions too', async () => {
    const as = await producer.addClient();
    for (let i = 0; i < 5; i += 1) {
      expect((await submitAs(producer, as, { idCard: makeIdCard() })).status).toBe(422);
    }
    expect((await submitAs(producer, as)).status).toBe(429);
  });

  test('leaves one key, which expires', async () => {
    const as = await producer.addClient();
    await submitAs(producer, as);
    const key = producer.keys.clientRate(as.clientId);
    expect(await producer.redis.pttl(key)).toBeGreaterThan(0);
    expect(await producer.redis.pttl(key)).toBeLessThanOrEqual(1_000_000);
  });
});

test('without a limit nothing is counted and no header is sent', async () => {
  const unlimited = await startProducerUnderTest(redis.url);
  try {
    const answer = await unlimited.submit();
    expect(answer.status).toBe(202);
    expect(answer.headers.get('ratelimit')).toBeNull();
    expect(await unlimited.redis.exists(unlimited.keys.clientRate(unlimited.client.clientId))).toBe(0);
  } finally {
    await unlimited.close();
  }
});

describe('the rate of one client', () => {
  test.each([
    [{ perSecond: 1_000_000, burst: 1 }],
    [{ perSecond: 1_000_000, burst: 1_000_000 }],
    [{ perSecond: 0.001, burst: 1_000_000 }],
  ])('%o lets the first one through', async (rate) => {
    await producer.redis.del(producer.keys.clientRate('extreme'));
    const decision = await takeSubmission(producer.redis, producer.keys, 'extreme', rate);
    expect(decision).toMatchObject({ allowed: true, remaining: rate.burst - 1 });
  });

  test('comes back with time', async () => {
    const rate = { perSecond: 5, burst: 2 };
    const take = () => takeSubmission(producer.redis, producer.keys, 'patient', rate);
    let refused = await take();
    while (refused.allowed) refused = await take();
    expect(refused.nextInMs).toBeGreaterThan(0);
    expect(refused.nextInMs).toBeLessThanOrEqual(200);
    await expect.poll(async () => (await take()).allowed, { interval: 5 }).toBe(true);
  });

  test('is reported in whole seconds, never less than there are', () => {
    expect(
      describeRate(
        { perSecond: 3, burst: 10 },
        { allowed: true, remaining: 4, fullInMs: 1_001, nextInMs: 0 },
      ),
    ).toEqual({ 'ratelimit-policy': '"submissions";q=10;w=4', ratelimit: '"submissions";r=4;t=2' });
  });
});
