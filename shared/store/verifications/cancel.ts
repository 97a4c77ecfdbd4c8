import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { moveStatusLua, shredLua } from './lua.ts';

const cancelScript = defineScript({
  name: 'cancel',
  keys: 5,
  lua: `
${moveStatusLua}
${shredLua}
local record, subject, photosStored, laneIndex, retention = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, indexPrefix, client, keepUntil, keepUnaskedUntil = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = redis.call('HMGET', record, 'status', 'client', 'attempts')
if not now[1] or now[2] ~= client then return 'missing' end
if now[1] == 'cancelled' then return 'cancelled' end
if now[1] ~= 'queued' and now[1] ~= 'retrying' and now[1] ~= 'deferred' then return 'too_late' end
moveStatus(record, indexPrefix, id, 'cancelled')
redis.call('HDEL', record, 'nextAttemptAt')
shred(subject, photosStored, laneIndex, id)
redis.call('ZADD', retention, (tonumber(now[3]) or 0) > 0 and keepUntil or keepUnaskedUntil, id)
return 'cancelled'
`,
});

/** How long a cancelled verification is kept that the upstream was never asked about. */
export const CANCELLED_UNASKED_MS = 24 * 3_600_000;

/**
 * Cancels what no worker has claimed: the status changes and the subject is shredded in one step, so a worker that
 * finds the job a moment later sees `cancelled` and sends nothing. Cancelling twice is the same as once.
 *
 * One that was never asked about has nothing to be reconciled with: it is kept as long as an Idempotency-Key, and not as
 * long as what was billed.
 *
 * @param now ms epoch
 */
export async function cancelVerification(
  redis: Redis,
  keys: LaneKeys,
  {
    id,
    clientId,
    now,
    retentionMs,
  }: {
    readonly id: string;
    readonly clientId: string;
    readonly now: number;
    readonly retentionMs: number;
  },
): Promise<'cancelled' | 'too_late' | 'missing'> {
  const reply = await cancelScript(
    redis,
    [keys.record(id), keys.subject(id), keys.photosStored(), keys.laneIndex(), keys.retention()],
    [id, keys.indexPrefix(), clientId, now + retentionMs, now + Math.min(retentionMs, CANCELLED_UNASKED_MS)],
  );
  return reply as 'cancelled' | 'too_late' | 'missing';
}
