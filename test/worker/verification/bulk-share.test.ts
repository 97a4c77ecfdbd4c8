import { Queue } from 'bullmq';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StoreKeys } from '../../../shared/store/keys.ts';
import { queuePriority } from '../../../shared/store/queue/verification-flow.ts';
import { computeShareTurn, letBulkAhead } from '../../../worker/verification/bulk-share.ts';
import { startTestLane, type TestLane } from '../../support/lane.ts';

let lane: TestLane;
let keys: StoreKeys;
let queue: Queue;
let passedBy: string[];

beforeAll(async () => {
  lane = await startTestLane();
});
afterAll(() => lane.stop());
beforeEach(() => {
  keys = lane.freshKeys();
  passedBy = [];
  queue = new Queue(keys.verificationQueue, { connection: lane.redis, prefix: keys.queuePrefix });
});

const add = (id: string, priority: number) => queue.add('verify', {}, { jobId: id, priority });
const report = (name: string) => void passedBy.push(name);
const turn = (share = 0.1) =>
  letBulkAhead({ redis: lane.redis, keys, queue, quotaPerSecond: 20, share, report });
const order = async () => (await queue.getPrioritized()).map(({ id }) => id);

describe('the share of bulk verifications', () => {
  test.each([
    { quota: 20, share: 0.1, everyMs: 500, count: 1 },
    { quota: 20, share: 0.5, everyMs: 500, count: 5 },
    { quota: 20, share: 0.01, everyMs: 5000, count: 1 },
    { quota: 5000, share: 0.1, everyMs: 500, count: 250 },
    { quota: 20, share: 0, everyMs: Number.POSITIVE_INFINITY, count: 0 },
  ])('of $share at $quota/s is $count every $everyMs ms', ({ quota, share, everyMs, count }) => {
    expect(computeShareTurn(quota, share)).toEqual({ everyMs, count });
  });

  test('lets the oldest bulk verification ahead while interactive ones wait too', async () => {
    await add('bulk-1', queuePriority.bulk.fresh);
    await add('bulk-2', queuePriority.bulk.fresh);
    await add('interactive-1', queuePriority.interactive.fresh);
    await add('interactive-2', queuePriority.interactive.fresh);
    expect(await turn()).toBe(1);
    expect(await order()).toEqual(['bulk-1', 'interactive-1', 'interactive-2', 'bulk-2']);
  });

  test('passes by jobs that are gone or cannot be read, and lets the next one ahead', async () => {
    await add('bulk-1', queuePriority.bulk.fresh);
    await add('interactive-1', queuePriority.interactive.fresh);
    const prioritized = queue.toKey('prioritized');
    const place = Number(await lane.redis.zscore(prioritized, 'bulk-1'));
    for (const [nth, id] of ['gone', 'foreign', 'damaged'].entries())
      await lane.redis.zadd(prioritized, place - 3 + nth, id);
    await lane.redis.set(queue.toKey('foreign'), 'no hash');
    await lane.redis.hset(queue.toKey('damaged'), { name: 'verify', data: '{', opts: '{}' });
    expect(await turn()).toBe(1);
    expect(await lane.redis.zrange(prioritized, '0', '1')).toEqual(['bulk-1', 'interactive-1']);
    expect(passedBy).toEqual(['job foreign', 'job damaged']);
  });

  test('changes nothing while only bulk verifications wait', async () => {
    await add('bulk-1', queuePriority.bulk.fresh);
    expect(await turn()).toBe(0);
  });

  test('is kept by one worker of the lane at a time', async () => {
    await add('bulk-1', queuePriority.bulk.fresh);
    await add('bulk-2', queuePriority.bulk.fresh);
    await add('interactive-1', queuePriority.interactive.fresh);
    const turns = await Promise.all([turn(), turn(), turn()]);
    expect(turns.sort()).toEqual([0, 0, 1]);
  });
});
