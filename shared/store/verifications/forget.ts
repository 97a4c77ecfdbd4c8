import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { forgetLua } from './lua.ts';

const forgetScript = defineScript({
  name: 'forget',
  keys: 4,
  lua: `
${forgetLua}
local record, log, retention, deadLetters = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, indexPrefix, client = ARGV[1], ARGV[2], ARGV[3]
local now = redis.call('HMGET', record, 'status', 'client')
if not now[1] then
  redis.call('ZREM', retention, id)
  return 'missing'
end
if client ~= '' and now[2] ~= client then return 'missing' end
if now[1] ~= 'completed' and now[1] ~= 'failed' and now[1] ~= 'cancelled' then return 'not_final' end
forget(record, log, retention, deadLetters, indexPrefix, id)
return 'forgotten'
`,
});

/**
 * Deletes all that is kept of a final verification, once its time is over.
 *
 * @param clientId whose verification it must be; null: anybody's
 */
export async function forgetVerification(
  redis: Redis,
  keys: LaneKeys,
  { id, clientId }: { id: string; clientId: string | null },
): Promise<'forgotten' | 'not_final' | 'missing'> {
  const reply = await forgetScript(
    redis,
    [keys.record(id), keys.deliveryLog(id), keys.retention(), keys.deadLetters()],
    [id, keys.indexPrefix(), clientId ?? ''],
  );
  return reply as 'forgotten' | 'not_final' | 'missing';
}
