import { priorityScores, type StoreKeys } from '../../shared/store/keys.ts';
import { queuePriority } from '../../shared/store/queue/verification-flow.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

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
