import type { StoreKeys } from '../../shared/store/keys.ts';
import type { JobData } from '../../shared/store/queue/job-data.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

/** What stands in a verification's jobs, by its record; null without one. */
export async function restoreJobData(redis: Redis, keys: StoreKeys, id: string): Promise<JobData | null> {
  const clientId = await redis.hget(keys.record(id), 'client');
  return clientId === null ? null : { id, clientId };
}
