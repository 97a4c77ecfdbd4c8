import { Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { laneOverview } from '../../shared/contract/lane.ts';
import { outcomesPage } from '../../shared/contract/outcomes.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from './producer-under-test.ts';
import { makeSubmission } from './submission-builder.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, { environment: { QUOTA_PER_SECOND: '10' } });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

async function readLane() {
  const answer = await producer.call('/v1/lane');
  expect(answer.status).toBe(200);
  return laneOverview.parse(await answer.json());
}

describe('the lane', () => {
  test('that has never been used is empty, and runs at the configured quota', async () => {
    expect(await readLane()).toMatchObject({
      status: 'running',
      reason: null,
      backlog: { interactive: 0, bulk: 0, retrying: 0, verifying: 0, total: 0 },
      quota: { perSecond: 10, effectivePerSecond: 10, inUse: 0 },
      estimatedWaitSeconds: 1,
      photosStored: { now: 0, peak: 0 },
    });
  });

  test('counts what waits by priority, what is postponed and what is under way', async () => {
    await Promise.all([
      ...Array.from({ length: 30 }, () => producer.submitted()),
      ...Array.from({ length: 4 }, () => producer.submitted(makeSubmission({ priority: 'bulk' }))),
    ]);
    const { verificationQueue, queuePrefix } = producer.keys;
    const worker = new Worker(verificationQueue, null, {
      connection: producer.redis,
      prefix: queuePrefix,
    });
    try {
      const token = 'test';
      const postponed = await worker.getNextJob(token);
      await postponed?.moveToDelayed(Date.now() + 60_000, token);
      await worker.getNextJob(token);
      await expect
        .poll(async () => (await readLane()).backlog)
        .toEqual({ interactive: 28, bulk: 4, retrying: 1, verifying: 1, total: 34 });
    } finally {
      await worker.close();
    }
    // An interactive submission stands behind the interactive ones only: 29 places at 10 a second.
    expect(await readLane()).toMatchObject({ estimatedWaitSeconds: 4, photosStored: { now: 34, peak: 34 } });
  });
});

test('the outcome table lists every code with what to do about it', async () => {
  const answer = await producer.call('/v1/outcomes');
  const { data } = outcomesPage.parse(await answer.json());
  expect(data.length).toBeGreaterThan(28);
  expect(data.find((row) => row.code === 'Success')).toMatchObject({ verdict: 'match', billed: 'billed' });
});
