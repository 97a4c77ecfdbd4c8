import type { Redis } from 'ioredis';
import type { Attempt } from '../contract/verification.ts';
import type { LaneKeys } from '../keys.ts';
import type { DailyWait } from '../outcomes/decide.ts';
import { defineScript } from '../redis/script.ts';
import { type LedgerEntry, ledgerField } from './ledger.ts';
import { appendAttemptLua, countCallLua, moveStatusLua, releaseClaimLua } from './lua.ts';

const postponeScript = defineScript({
  name: 'postpone',
  keys: 3,
  lua: `
${moveStatusLua}
${releaseClaimLua}
${appendAttemptLua}
${countCallLua}
local record, inFlight, ledger = KEYS[1], KEYS[2], KEYS[3]
local id, indexPrefix, status, attempt, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local worker, counted, nextAttemptAt, fateUnknown, deferredBefore = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
countCall(ledger, entry)
if redis.call('EXISTS', record) == 0 then return 'missing' end
appendAttempt(record, attempt)
if redis.call('HGET', record, 'claimedBy') ~= worker then return 'not_ours' end
releaseClaim(record, inFlight)
moveStatus(record, indexPrefix, id, status)
if counted == '1' then redis.call('HINCRBY', record, 'attemptsCounted', 1) end
if fateUnknown == '1' then redis.call('HSET', record, 'fateUnknown', '1') end
redis.call('HSET', record, 'deferredBefore', deferredBefore)
if nextAttemptAt == '' then
  redis.call('HDEL', record, 'nextAttemptAt')
else
  redis.call('HSET', record, 'nextAttemptAt', nextAttemptAt)
end
return 'postponed'
`,
});

export interface Postponement {
  readonly id: string;
  readonly workerId: string;
  /** `queued`: back in line, as after a hold; with `nextAttemptAt`, a deferral that its client is not shown. */
  readonly status: 'queued' | 'retrying' | 'deferred';
  readonly attempt: Attempt | null;
  readonly ledger: LedgerEntry | null;
  /** Whether the attempt counts against the allowed number. */
  readonly counted: boolean;
  readonly fateUnknown: boolean;
  readonly deferredBefore: DailyWait | 'none';
  /** ms epoch */
  readonly nextAttemptAt: number | null;
}

/**
 * Ends a claim without an outcome.
 *
 * @returns `not_ours` when another worker has claimed it in the meantime; the attempt is noted all the same
 */
export async function postponeVerification(
  redis: Redis,
  keys: LaneKeys,
  postponement: Postponement,
): Promise<'postponed' | 'not_ours' | 'missing'> {
  const { id, ledger, attempt } = postponement;
  const reply = await postponeScript(
    redis,
    [keys.record(id), keys.inFlight(), keys.ledger(ledger?.day ?? 'none')],
    [
      id,
      keys.indexPrefix(),
      postponement.status,
      attempt ? JSON.stringify(attempt) : '',
      ledger ? ledgerField(ledger) : '',
      postponement.workerId,
      postponement.counted ? '1' : '0',
      postponement.nextAttemptAt ?? '',
      postponement.fateUnknown ? '1' : '0',
      postponement.deferredBefore,
    ],
  );
  return reply as 'postponed' | 'not_ours' | 'missing';
}
