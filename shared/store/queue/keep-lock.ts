import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';

// A job whose lock has run out stays in `active` until a worker's check for stalled jobs puts it back in line. Until then
// it is nobody else's.
const keepLockScript = defineScript({
  name: 'keepLock',
  keys: 3,
  lua: `
local lock, active, stalled = KEYS[1], KEYS[2], KEYS[3]
local job, token, lockMs = ARGV[1], ARGV[2], ARGV[3]
local holder = redis.call('GET', lock)
if holder and holder ~= token then return 0 end
if not holder and not redis.call('LPOS', active, job) then return 0 end
redis.call('SET', lock, token, 'PX', lockMs)
redis.call('SREM', stalled, job)
return 1
`,
});

/**
 * Keeps the lock of a job that this process works on, or takes it back if it ran out and nobody else has the job yet.
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
  }: { keys: LaneKeys; queue: string; jobId: string; token: string; lockMs: number },
): Promise<boolean> {
  const kept = await keepLockScript(
    redis,
    [`${keys.jobKey(queue, jobId)}:lock`, keys.jobKey(queue, 'active'), keys.jobKey(queue, 'stalled')],
    [jobId, token, lockMs],
  );
  return kept === 1;
}
