import type { Redis } from 'ioredis';
import type { Attempt, Outcome } from '../contract/verification.ts';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { type LedgerEntry, ledgerField } from './ledger.ts';
import { appendAttemptLua, countCallLua, moveStatusLua, releaseClaimLua, shredLua } from './lua.ts';

// The first outcome wins. A worker that was stopped for longer than its lock may come back with an answer while
// another asks again: both were paid for, one counts, and the subject is shredded in the same step. An event that does not
// tell of every attempt is left out, and made from the record when it is delivered.
const settleScript = defineScript({
  name: 'settle',
  keys: 6,
  lua: `
${moveStatusLua}
${releaseClaimLua}
${appendAttemptLua}
${shredLua}
${countCallLua}
local record, subject, inFlight, ledger, photosStored, laneIndex = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, indexPrefix, status, outcome, attempt, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local event, attemptsTold = ARGV[7], tonumber(ARGV[8])
countCall(ledger, entry)
if redis.call('EXISTS', record) == 0 then return 'missing' end
appendAttempt(record, attempt)
if redis.call('HEXISTS', record, 'outcome') == 1 then return 'already_settled' end
releaseClaim(record, inFlight)
moveStatus(record, indexPrefix, id, status)
redis.call('HSET', record, 'outcome', outcome, 'deliveryStatus', 'pending')
redis.call('HDEL', record, 'nextAttemptAt')
if event ~= '' and attemptsTold == tonumber(redis.call('HGET', record, 'attempts') or 0) then
  redis.call('HSET', record, 'event', event)
end
redis.call('ZADD', indexPrefix .. '-undelivered', redis.call('TIME')[1], id)
shred(subject, photosStored, laneIndex, id)
return 'settled'
`,
});

export interface Settlement {
  readonly id: string;
  readonly status: 'completed' | 'failed';
  readonly outcome: Outcome;
  /** The attempt that brought the outcome; null when there was none (quarantine, expiry). */
  readonly attempt: Attempt | null;
  readonly ledger: LedgerEntry | null;
  /** Spares each delivery the reading of the whole record. Without it, it is made from the record then. */
  readonly event?: PreparedEvent;
}

/** The body of the event that follows from a settlement. */
export interface PreparedEvent {
  readonly body: string;
  /** The number of attempts it tells of, the last one included. */
  readonly attempts: number;
}

/**
 * Writes the outcome down before anything else happens with it, shreds the subject and ends the claim, in one step.
 *
 * @returns `already_settled` when another attempt's outcome stands
 */
export async function settleVerification(
  redis: Redis,
  keys: LaneKeys,
  { id, status, outcome, attempt, ledger, event }: Settlement,
): Promise<'settled' | 'already_settled' | 'missing'> {
  const reply = await settleScript(
    redis,
    [
      keys.record(id),
      keys.subject(id),
      keys.inFlight(),
      keys.ledger(ledger?.day ?? 'none'),
      keys.photosStored(),
      keys.laneIndex(),
    ],
    [
      id,
      keys.indexPrefix(),
      status,
      JSON.stringify(outcome),
      attempt ? JSON.stringify(attempt) : '',
      ledger ? ledgerField(ledger) : '',
      event?.body ?? '',
      event?.attempts ?? '',
    ],
  );
  return reply as 'settled' | 'already_settled' | 'missing';
}
