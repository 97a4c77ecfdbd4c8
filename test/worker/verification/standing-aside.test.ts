import { Queue } from 'bullmq';
import { beforeEach, expect, test } from 'vitest';
import type { StoreKeys } from '../../../shared/store/keys.ts';
import { ASIDE_PRIORITY, queuePriority } from '../../../shared/store/queue/verification-flow.ts';
import { hasUntried } from '../../../worker/verification/standing-aside.ts';
import { useTestLane } from '../../support/lane.ts';

const lane = useTestLane();
let keys: StoreKeys;
let queue: Queue;

beforeEach(() => {
  keys = lane.freshKeys();
  queue = new Queue(keys.verificationQueue, { connection: lane.redis, prefix: keys.queuePrefix });
});

const add = (id: string, priority: number) => queue.add('verify', {}, { jobId: id, priority });

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
