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
local id, indexPrefix, client, keepUntil = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local now = redis.call('HMGET', record, 'status', 'client')
if not now[1] or now[2] ~= client then return 'missing' end
if now[1] == 'cancelled' then return 'cancelled' end
if now[1] ~= 'queued' and now[1] ~= 'retrying' and now[1] ~= 'deferred' then return 'too_late' end
moveStatus(record, indexPrefix, id, 'cancelled')
redis.call('HDEL', record, 'nextAttemptAt')
shred(subject, photosStored, laneIndex, id)
redis.call('ZADD', retention, keepUntil, id)
return 'cancelled'
`,
});

/**
 * Cancels what no worker has claimed: the status changes and the subject is shredded in one step, so a worker that
 * finds the job a moment later sees `cancelled` and sends nothing. Cancelling twice is the same as once.
 *
 * @param keepUntil ms epoch; the record is forgotten some time after it
 */
export async function cancelVerification(
  redis: Redis,
  keys: LaneKeys,
  { id, clientId, keepUntil }: { id: string; clientId: string; keepUntil: number },
): Promise<'cancelled' | 'too_late' | 'missing'> {
  const reply = await cancelScript(
    redis,
    [keys.record(id), keys.subject(id), keys.photosStored(), keys.laneIndex(), keys.retention()],
    [id, keys.indexPrefix(), clientId, keepUntil],
  );
  return reply as 'cancelled' | 'too_late' | 'missing';
}
