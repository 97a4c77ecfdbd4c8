import type { Redis } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../contract/json-text.ts';
import type { DeliveryStatus } from '../contract/verification.ts';
import type { LaneKeys } from '../keys.ts';
import { defineGatheredScript } from '../redis/gathered-script.ts';
import { defineScript } from '../redis/script.ts';

/** Attempts kept per event; the schedule has ten, redeliveries may add more. */
const LOG_MAX = 100;

// Each of its commands costs Redis a microsecond, and each write as much again for the AOF: what stands is read by one, and only
// what changes is written.
//
// A finished delivery starts the record's retention, and so does one that nobody receives, because its client polls. Any
// other is kept until somebody decides about it. The event is half of a record and goes then: should it be wanted again, the
// record has all it is made of.
//
// That an endpoint has recovered is written here, not by whoever read its health before: what was read may be old, and a
// success that is forgotten lets two failures that lie days apart look like days of failures.
const recordDeliveryScript = defineGatheredScript({
  name: 'recordDelivery',
  keys: 6,
  args: 7,
  lua: `
local record, log, deadLetters, retention, health, unhealthy = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, status, nextAt, entry, now, keepUntil = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local recovered = ARGV[7]
if recovered ~= '' then
  local known = redis.call('GET', health)
  if known and not string.find(known, '"status":"held"', 1, true) then
    redis.call('DEL', health)
    redis.call('SREM', unhealthy, recovered)
  end
end
local before = redis.call('HMGET', record, 'id', 'deliveryStatus', 'deliveryAttempts', 'deliveryNextAt')
if not before[1] then return 'missing' end
local attempts = tonumber(before[3]) or 0
if entry ~= '' then attempts = attempts + 1 end
if nextAt == '' then
  redis.call('HSET', record, 'deliveryStatus', status, 'deliveryAttempts', attempts)
  if before[4] then redis.call('HDEL', record, 'deliveryNextAt') end
else
  redis.call('HSET', record, 'deliveryStatus', status, 'deliveryAttempts', attempts, 'deliveryNextAt', nextAt)
end
if keepUntil ~= '' then redis.call('HDEL', record, 'event') end
if entry ~= '' and redis.call('RPUSH', log, entry) > ${LOG_MAX} then redis.call('LTRIM', log, -${LOG_MAX}, -1) end
if status == 'dead' then redis.call('ZADD', deadLetters, now, id)
elseif before[2] == 'dead' then redis.call('ZREM', deadLetters, id) end
if keepUntil == '' then redis.call('ZREM', retention, id) else redis.call('ZADD', retention, keepUntil, id) end
return 'recorded'
`,
});

const logDeliveryScript = defineScript({
  name: 'logDelivery',
  keys: 2,
  lua: `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('RPUSH', KEYS[2], ARGV[1]) > ${LOG_MAX} then redis.call('LTRIM', KEYS[2], -${LOG_MAX}, -1) end
return 1
`,
});

/** One try to bring an event to its callback, as `GET /v1/verifications/{id}/deliveries` shows it. */
export const deliveryAttempt = z
  .strictObject({
    at: z.iso.datetime(),
    durationMs: z.number().int().nonnegative(),
    status: z.number().int().nullable().describe("the receiver's HTTP status; null when there was none"),
    errorClass: z.string().nullable().describe('why there was no answer'),
    answer: z.string().describe("the first 4 kB of the receiver's answer"),
  })
  .meta({ id: 'DeliveryAttempt' });
export type DeliveryAttempt = z.infer<typeof deliveryAttempt>;

export interface DeliveryProgress {
  readonly id: string;
  readonly status: DeliveryStatus;
  /** ms epoch */
  readonly nextAttemptAt: number | null;
  readonly attempt: DeliveryAttempt | null;
  /** ms epoch */
  readonly now: number;
  /** ms epoch; null while somebody may still have to do something about it. */
  readonly keepUntil: number | null;
  /** The endpoint that has just taken the event: healthy again, unless it is held. */
  readonly recovered?: string;
}

/** Writes what became of a delivery attempt: state, log and dead letters, in one step. */
export async function recordDelivery(
  redis: Redis,
  keys: LaneKeys,
  { id, status, nextAttemptAt, attempt, now, keepUntil, recovered }: DeliveryProgress,
): Promise<'recorded' | 'missing'> {
  const reply = await recordDeliveryScript(
    redis,
    [
      keys.record(id),
      keys.deliveryLog(id),
      keys.deadLetters(),
      keys.retention(),
      keys.endpointHealth(recovered ?? 'none'),
      keys.unhealthyEndpoints(),
    ],
    [
      id,
      status,
      nextAttemptAt ?? '',
      attempt ? JSON.stringify(attempt) : '',
      now,
      keepUntil ?? '',
      recovered ?? '',
    ],
  );
  return reply as 'recorded' | 'missing';
}

/** Notes in the log why nothing was sent. It counts as no attempt. */
export async function logDelivery(
  redis: Redis,
  keys: LaneKeys,
  id: string,
  attempt: DeliveryAttempt,
): Promise<void> {
  await logDeliveryScript(redis, [keys.record(id), keys.deliveryLog(id)], [JSON.stringify(attempt)]);
}

const logEntry = jsonText(deliveryAttempt);

/** The attempt log, oldest first; entries that cannot be read are left out. */
export async function readDeliveryLog(redis: Redis, keys: LaneKeys, id: string): Promise<DeliveryAttempt[]> {
  const entries = await redis.lrange(keys.deliveryLog(id), 0, -1);
  return entries.flatMap((entry) => {
    const parsed = logEntry.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}
