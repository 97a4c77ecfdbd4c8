import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';

const keepEventScript = defineScript({
  name: 'keepEvent',
  keys: 1,
  lua: `
local record, event = KEYS[1], ARGV[1]
if redis.call('EXISTS', record) == 0 then return false end
redis.call('HSETNX', record, 'event', event)
return redis.call('HGET', record, 'event')
`,
});

const replyText = z.string().nullable();

/**
 * Keeps the event's body in the record, unless there is one: every delivery from now on sends the same bytes.
 *
 * @returns the body to send; null when the record is gone
 */
export async function keepEvent(
  redis: Redis,
  keys: LaneKeys,
  id: string,
  event: string,
): Promise<string | null> {
  return replyText.parse(await keepEventScript(redis, [keys.record(id)], [event]));
}
