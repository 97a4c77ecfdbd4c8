import { priorityScores, type StoreKeys } from '../../shared/store/keys.ts';
import type { JobQueue, QueuedJob } from '../../shared/store/queue/job-queue.ts';
import { ASIDE_PRIORITY, queuePriority } from '../../shared/store/queue/verification-flow.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { returnPriority } from './slot-rank.ts';

/** Brought back in one turn: each takes Redis a script. */
const BROUGHT_BACK_AT_ONCE = 200;

/** Whether verifications wait that have not been asked about yet, of either priority. */
export async function hasUntried(redis: Redis, keys: StoreKeys): Promise<boolean> {
  const prioritized = keys.queueKey(keys.verificationQueue, 'prioritized');
  const counts = await Promise.all(
    [queuePriority.interactive.fresh, queuePriority.bulk.fresh].map((priority) => {
      const { first, last } = priorityScores(priority);
      return redis.zcount(prioritized, first, last);
    }),
  );
  return counts.some((count) => count > 0);
}

/**
 * Gives verifications that stood aside while the lane was closed the place of any other that comes back from a failure. Left
 * behind everything, they would wait for as long as new work keeps coming.
 *
 * @param isOpen asked only if there are any
 * @returns how many were brought back
 */
export async function bringBackAside(
  { redis, keys, queue }: { readonly redis: Redis; readonly keys: StoreKeys; readonly queue: JobQueue },
  isOpen: () => Promise<boolean>,
): Promise<number> {
  const prioritized = keys.queueKey(keys.verificationQueue, 'prioritized');
  const [from, count] = [String(priorityScores(ASIDE_PRIORITY).first), BROUGHT_BACK_AT_ONCE];
  const ids = await redis.zrange(prioritized, from, '+inf', 'BYSCORE', 'LIMIT', 0, count);
  if (ids.length === 0 || !(await isOpen())) return 0;
  const brought = await Promise.allSettled(ids.map(async (id) => bringBack(await queue.getJob(id))));
  return brought.filter(({ status }) => status === 'fulfilled').length;
}

/** One that is gone meanwhile, or claimed, is no reason to leave the others. */
async function bringBack(job: QueuedJob | undefined): Promise<void> {
  await job?.changePriority({ priority: returnPriority(job.opts.priority, false) });
}
