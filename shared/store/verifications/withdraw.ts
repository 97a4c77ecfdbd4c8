import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { leaveListsLua, shredLua } from './lua.ts';

// A deletion comes first in every branch that writes: a Redis whose memory is full refuses a script that begins with
// anything else, and this one runs exactly then.
const withdrawScript = defineScript({
  name: 'withdraw',
  keys: 4,
  lua: `
${shredLua}
${leaveListsLua}
local record, subject, photosStored, laneIndex = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, indexPrefix, client = ARGV[1], ARGV[2], ARGV[3]
local now = redis.call('HMGET', record, 'status', 'client')
if not now[1] then return 'missing' end
if now[1] ~= 'queued' or now[2] ~= client then return 'too_late' end
shred(subject, photosStored, laneIndex, id)
leaveLists(record, indexPrefix, id)
redis.call('DEL', record)
redis.call('ZREM', indexPrefix .. ':' .. client, id)
redis.call('ZREM', indexPrefix .. ':' .. client .. ':queued', id)
return 'withdrawn'
`,
});

/**
 * Undoes an acceptance whose client was told 503: record, subject and index entries go, as if it had never been. Not a
 * cancellation, which a client may see. The jobs are removed before, by whoever knows the queues.
 */
export async function withdrawVerification(
  redis: Redis,
  keys: LaneKeys,
  { id, clientId }: { id: string; clientId: string },
): Promise<'withdrawn' | 'too_late' | 'missing'> {
  const reply = await withdrawScript(
    redis,
    [keys.record(id), keys.subject(id), keys.photosStored(), keys.laneIndex()],
    [id, keys.indexPrefix(), clientId],
  );
  return reply as 'withdrawn' | 'too_late' | 'missing';
}
