import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const keepLockScript = loadScript(new URL('../scripts/keep-lock.lua', import.meta.url));

/**
 * Keeps the lock of a job that this process works on, or takes it back if it ran out and no other process has the job yet.
 * BullMQ renews only a lock that is still there, so a Redis that refuses writes for longer than the lock lasts takes all
 * jobs from their workers.
 *
 * @returns false when the job is another worker's by now, or gone
 */
export async function keepLock(
  redis: Redis,
  {
    keys,
    queue,
    jobId,
    token,
    lockMs,
  }: { keys: StoreKeys; queue: string; jobId: string; token: string; lockMs: number },
): Promise<boolean> {
  const kept = await keepLockScript(
    redis,
    [keys.jobLock(queue, jobId), keys.queueKey(queue, 'active'), keys.queueKey(queue, 'stalled')],
    [jobId, token, lockMs],
  );
  return kept === 1;
}
