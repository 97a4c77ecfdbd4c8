import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';

// Fields are looked at one by one: the record may be what cannot be read. The run that is empty is nobody's, so that a
// run which ends after this changes nothing.
const giveUpDeliveryScript = defineScript({
  name: 'giveUpDelivery',
  keys: 3,
  lua: `
local record, deadLetters, retention = KEYS[1], KEYS[2], KEYS[3]
local id, now = ARGV[1], ARGV[2]
local before = redis.call('HMGET', record, 'status', 'deliveryStatus')
if not before[1] then return 'missing' end
if before[1] == 'cancelled' or before[2] == 'delivered' or before[2] == 'dead' then return 'at_rest' end
redis.call('HSET', record, 'deliveryStatus', 'dead', 'deliveryRun', '')
redis.call('HDEL', record, 'deliveryNextAt')
redis.call('ZADD', deadLetters, now, id)
redis.call('ZREM', retention, id)
return 'dead'
`,
});

/**
 * Makes an event that this program cannot deliver a dead letter: shown as one, and redelivered like any other.
 *
 * @param now ms epoch
 */
export async function giveUpDelivery(redis: Redis, keys: LaneKeys, id: string, now: number): Promise<void> {
  await giveUpDeliveryScript(redis, [keys.record(id), keys.deadLetters(), keys.retention()], [id, now]);
}
