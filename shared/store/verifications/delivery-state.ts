import type { Redis } from 'ioredis';
import { type DeliveryAttempt, deliveryAttempt } from '../../contract/delivery-log.ts';
import { jsonText } from '../../contract/json-text.ts';
import type { DeliveryStatus } from '../../contract/verification.ts';
import type { LaneKeys } from '../keys.ts';
import { defineGatheredScript } from '../redis/gathered-script.ts';
import { defineScript } from '../redis/script.ts';

/** Attempts kept per event; the schedule has ten, redeliveries may add more. */
const LOG_MAX = 100;

/** Runs of 12 characters and a space each, as `makeRunToken` makes them. */
const RUNS_REMEMBERED = 4;

/**
 * The last so many keep the receiver's answer. With 4 kB each, and 130 bytes for each of the others, the log of one
 * verification stays below 64 kB whatever its receiver answers.
 */
const ANSWERS_MAX = 10;

/** What comes before an entry's answer is this program's own, and the answer comes last: see `describeAttempt`. */
const appendEntryLua = `
local function appendEntry(log, entry)
  local length = redis.call('RPUSH', log, entry)
  if length > ${LOG_MAX} then redis.call('LTRIM', log, -${LOG_MAX}, -1) end
  if length <= ${ANSWERS_MAX} then return end
  local older = redis.call('LINDEX', log, -${ANSWERS_MAX + 1})
  local answerAt = string.find(older, '"answer":"', 1, true)
  if answerAt then redis.call('LSET', log, -${ANSWERS_MAX + 1}, string.sub(older, 1, answerAt - 1) .. '"answer":""}') end
end
`;

// Each of its commands costs Redis a microsecond, and each write as much again for the AOF: what stands is read by one, and only
// what changes is written.
//
// A run is written down once: its token stays in the record for as long as a lost reply may have it sent again. A run that
// lost its lock may end behind the run that followed it. What it posted is logged and counted; of the state it changes
// nothing, except that an event which was taken is delivered, whichever run brought it. A delivered event stays so.
//
// A finished delivery starts the record's retention, and so does one that nobody receives, because its client polls. Any
// other is kept until somebody decides about it. The event stays: one webhook-id must always bring the same bytes, and an
// event made again from the record would tell of attempts that were noted after it.
//
// That an endpoint has recovered is written here, not by whoever read its health before: what was read may be old, and a
// success that is forgotten lets two failures that lie days apart look like days of failures.
const recordDeliveryScript = defineGatheredScript({
  name: 'recordDelivery',
  keys: 6,
  args: 8,
  lua: `
${appendEntryLua}
local record, log, deadLetters, retention, health, unhealthy = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, status, nextAt, entry, now, keepUntil = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local recovered, run = ARGV[7], ARGV[8]
local before = redis.call('HMGET', record,
  'id', 'deliveryStatus', 'deliveryAttempts', 'deliveryNextAt', 'deliveryRun', 'deliveryRunsEnded')
if not before[1] then return 'missing' end
local ended = before[6] or ''
if string.find(ended, run, 1, true) then return 'recorded' end
ended = string.sub(ended .. run .. ' ', -${RUNS_REMEMBERED * 13})
if recovered ~= '' then
  local known = redis.call('GET', health)
  if known and not string.find(known, '"status":"held"', 1, true) then
    redis.call('DEL', health)
    redis.call('SREM', unhealthy, recovered)
  end
end
local was, holder = before[2] or 'pending', before[5]
local applies = was ~= 'delivered' or status == 'delivered'
if holder and holder ~= run then
  applies = status == 'delivered' and (was == 'delivering' or was == 'retrying' or was == 'dead')
end
local attempts = tonumber(before[3]) or 0
if entry ~= '' and holder ~= '' then attempts = attempts + 1 end
if entry ~= '' then appendEntry(log, entry) end
if not applies then
  redis.call('HSET', record, 'deliveryAttempts', attempts, 'deliveryRunsEnded', ended)
  return 'not_ours'
end
redis.call('HSET', record, 'deliveryStatus', status, 'deliveryAttempts', attempts, 'deliveryRunsEnded', ended)
if nextAt ~= '' then redis.call('HSET', record, 'deliveryNextAt', nextAt)
elseif before[4] then redis.call('HDEL', record, 'deliveryNextAt') end
if status == 'dead' then redis.call('ZADD', deadLetters, now, id)
elseif was == 'dead' then redis.call('ZREM', deadLetters, id) end
if keepUntil == '' then redis.call('ZREM', retention, id) else redis.call('ZADD', retention, keepUntil, id) end
return 'recorded'
`,
});

// An entry that is the last one already was written before its reply was lost: no two have the same time.
const logDeliveryScript = defineScript({
  name: 'logDelivery',
  keys: 2,
  lua: `
${appendEntryLua}
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('LINDEX', KEYS[2], -1) == ARGV[1] then return 1 end
appendEntry(KEYS[2], ARGV[1])
return 1
`,
});

export interface DeliveryProgress {
  readonly id: string;
  /** What `beginDelivery` was given: a progress of the same run is written down once. */
  readonly run: string;
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

/**
 * Writes what became of a delivery attempt: state, log and dead letters, in one step.
 *
 * @returns `not_ours` when another run has begun since, or the event was delivered meanwhile: the attempt is logged all
 *   the same
 */
export async function recordDelivery(
  redis: Redis,
  keys: LaneKeys,
  { id, run, status, nextAttemptAt, attempt, now, keepUntil, recovered }: DeliveryProgress,
): Promise<'recorded' | 'not_ours' | 'missing'> {
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
      attempt ? describeAttempt(attempt) : '',
      now,
      keepUntil ?? '',
      recovered ?? '',
      run,
    ],
  );
  return reply as 'recorded' | 'not_ours' | 'missing';
}

/** Notes in the log why nothing was sent. It counts as no attempt. */
export async function logDelivery(
  redis: Redis,
  keys: LaneKeys,
  id: string,
  attempt: DeliveryAttempt,
): Promise<void> {
  await logDeliveryScript(redis, [keys.record(id), keys.deliveryLog(id)], [describeAttempt(attempt)]);
}

/** The answer last: the script finds it there when it is to be dropped. */
function describeAttempt({ answer, ...attempt }: DeliveryAttempt): string {
  return JSON.stringify({ ...attempt, answer });
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
