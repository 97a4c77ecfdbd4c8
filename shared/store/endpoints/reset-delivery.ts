import type { ChainableCommander } from 'ioredis';
import type { DeliveryStatus } from '../../contract/verification.ts';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';

// It comes behind the job in one transaction, and changes nothing unless the job is in its place: Redis does not roll back, so
// a job that could not be added must not leave a record that says its event is on the way.
//
// The run that is empty is nobody's: one that began before and ends after this is logged, and changes nothing else.
//
// A write that needs memory comes first: a full Redis then refuses the whole script, as it refused the job.
const resetDeliveryScript = defineScript({
  name: 'resetDelivery',
  keys: 5,
  lua: `
local record, deadLetters, retention, waiting, undelivered = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, status, previous, redelivery, job = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = redis.call('HMGET', record, 'deliveryStatus', 'redelivery')
if now[1] ~= status or (now[2] or '') ~= previous then return 'lost' end
if not redis.call('ZSCORE', waiting, job) then return 'no_job' end
redis.call('HSET', record, 'deliveryStatus', 'pending', 'deliveryAttempts', '0', 'deliveryRun', '',
  'redelivery', redelivery)
redis.call('ZADD', undelivered, redis.call('TIME')[1], id)
redis.call('HDEL', record, 'deliveryNextAt')
redis.call('ZREM', deadLetters, id)
redis.call('ZREM', retention, id)
for i = 6, #ARGV do redis.call('ZREM', ARGV[i], id) end
return 'reset'
`,
});

export interface DeliveryReset {
  readonly id: string;
  /** The job that is to deliver the event, added before in the same transaction. */
  readonly jobId: string;
  /** What was read before: the reset happens only while both still stand. */
  readonly status: DeliveryStatus;
  readonly previous: string;
  /** What `previous` is replaced by; different for each try, so that the winner knows itself. */
  readonly redelivery: string;
  /** Endpoints where the event may be waiting. */
  readonly endpoints: readonly string[];
}

/**
 * Queues the way back to `pending` into a transaction: the whole schedule again, the attempt log kept. The record's time
 * stops running; it starts anew when the event is delivered.
 */
export function queueDeliveryReset(
  transaction: ChainableCommander,
  keys: LaneKeys,
  { id, jobId, status, previous, redelivery, endpoints }: DeliveryReset,
): void {
  resetDeliveryScript.appendTo(
    transaction,
    [
      keys.record(id),
      keys.deadLetters(),
      keys.retention(),
      keys.jobKey(keys.deliveryQueue, 'prioritized'),
      keys.undeliveredIndex(),
    ],
    [id, status, previous, redelivery, jobId, ...endpoints.map((endpoint) => keys.heldDeliveries(endpoint))],
  );
}
