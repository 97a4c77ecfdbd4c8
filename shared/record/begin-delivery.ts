import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineGatheredScript } from '../redis/gathered-script.ts';
import { hashFromReply, type ParsedRecord, parseRecord } from './verification-record.ts';

// One round trip for what every delivery needs first. It writes, so a full Redis refuses it: an event that could not be
// noted as delivered is not posted, again and again, for as long as that lasts.
//
// The record comes as one text: a reply of twenty costs the worker as much as the rest of the round trip.
const beginDeliveryScript = defineGatheredScript({
  name: 'beginDelivery',
  keys: 1,
  args: 0,
  lua: `
local record = KEYS[1]
local fields = redis.call('HGETALL', record)
if #fields == 0 then return '[]' end
local now = {}
for i = 1, #fields, 2 do now[fields[i]] = fields[i + 1] end
if now.outcome and now.deliveryStatus ~= 'delivered' and now.deliveryStatus ~= 'dead' then
  redis.call('HSET', record, 'deliveryStatus', 'delivering')
  if now.deliveryNextAt then redis.call('HDEL', record, 'deliveryNextAt') end
end
return cjson.encode(fields)
`,
});

/**
 * Marks the delivery as under way, unless there is no outcome yet or it has ended.
 *
 * @returns the record as it stood before
 */
export async function beginDelivery(redis: Redis, keys: LaneKeys, id: string): Promise<ParsedRecord> {
  const reply = await beginDeliveryScript(redis, [keys.record(id)], []);
  return parseRecord(hashFromReply(JSON.parse(reply as string)));
}
