import { Queue } from 'bullmq';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StoreKeys } from '../../../shared/store/keys.ts';
import { ASIDE_PRIORITY, queuePriority } from '../../../shared/store/queue/verification-flow.ts';
import { letBulkAhead } from '../../../worker/verification/bulk-share.ts';
import { bringBackAside, hasUntried } from '../../../worker/verification/standing-aside.ts';
import { startTestLane, type TestLane } from '../../support/lane.ts';

let lane: TestLane;
let keys: StoreKeys;
let queue: Queue;

beforeAll(async () => {
  lane = await startTestLane();
});
afterAll(() => lane.stop());
beforeEach(() => {
  keys = lane.freshKeys();
  queue = new Queue(keys.verificationQueue, { connection: lane.redis, prefix: keys.queuePrefix });
});

const add = (id: string, priority: number) => queue.add('verify', {}, { jobId: id, priority });
async function addAside(id: string, priority: number): Promise<void> {
  const job = await add(id, priority);
  await job.changePriority({ priority: ASIDE_PRIORITY });
}
const order = async () => (await queue.getPrioritized()).map(({ id }) => id);
const bringBack = (isOpen: boolean) => bringBackAside({ redis: lane.redis, keys, queue }, async () => isOpen);

describe('what stood aside while the lane was closed', () => {
  beforeEach(async () => {
    await addAside('aside-bulk', queuePriority.bulk.fresh);
    await addAside('aside-interactive', queuePriority.interactive.fresh);
    await add('bulk', queuePriority.bulk.fresh);
    await add('interactive', queuePriority.interactive.fresh);
  });

  test('stands behind all that waits, and stays there while the lane is closed', async () => {
    expect(await bringBack(false)).toBe(0);
    expect(await order()).toEqual(['interactive', 'bulk', 'aside-bulk', 'aside-interactive']);
  });

  test('comes back ahead of new work of its own priority when the lane is open', async () => {
    expect(await bringBack(true)).toBe(2);
    expect(await order()).toEqual(['aside-interactive', 'interactive', 'aside-bulk', 'bulk']);
    expect(await bringBack(true)).toBe(0);
  });

  test('is brought back although one of it is gone', async () => {
    await lane.redis.del(queue.toKey('aside-bulk'));
    await bringBack(true);
    expect((await order())[0]).toBe('aside-interactive');
  });

  test('has no share of what bulk verifications are let ahead', async () => {
    const deps = {
      redis: lane.redis,
      keys,
      queue,
      quotaPerSecond: 200,
      share: 0.5,
      report: (name: string) => expect.fail(name),
    };
    expect(await letBulkAhead(deps)).toBe(1);
    expect(await order()).toEqual(['bulk', 'interactive', 'aside-bulk', 'aside-interactive']);
  });
});

test.each([
  [queuePriority.interactive.fresh, true],
  [queuePriority.bulk.fresh, true],
  [queuePriority.interactive.retry, false],
  [queuePriority.bulk.retry, false],
  [ASIDE_PRIORITY, false],
])('a job of priority %i alone is untried: %s', async (priority, untried) => {
  expect(await hasUntried(lane.redis, keys)).toBe(false);
  await add('one', priority);
  expect(await hasUntried(lane.redis, keys)).toBe(untried);
});
