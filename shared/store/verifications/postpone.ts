import type { Redis } from 'ioredis';
import type { DailyWait } from '../../outcomes/decide.ts';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { holdsClaimLua, noteCallLua } from './call-lua.ts';
import { moveStatusLua, releaseClaimLua } from './lua.ts';
import { callArguments, type NotedCall } from './noted-call.ts';
import type { OwnedClaim } from './owned-claim.ts';

// A record that is gone had its outcome, and every call under way was counted with it.
const postponeScript = defineScript({
  name: 'postpone',
  keys: 2,
  lua: `
${moveStatusLua}
${releaseClaimLua}
${holdsClaimLua}
${noteCallLua}
local record, inFlight = KEYS[1], KEYS[2]
local ledgers, call, attempt, isListed, day, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local id, indexPrefix, worker, token, status = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local counted, nextAttemptAt, fateUnknown, deferredBefore = ARGV[12], ARGV[13], ARGV[14], ARGV[15]
if redis.call('EXISTS', record) == 0 then return 'missing' end
noteCall(record, ledgers, call, attempt, isListed, day, entry)
if not holdsClaim(record, worker, token) then
  return redis.call('HGET', record, 'claimEnded') == token and 'postponed' or 'not_ours'
end
releaseClaim(record, inFlight)
moveStatus(record, indexPrefix, id, status)
if counted == '1' then redis.call('HINCRBY', record, 'attemptsCounted', 1) end
if fateUnknown == '1' then redis.call('HSET', record, 'fateUnknown', '1') end
redis.call('HSET', record, 'deferredBefore', deferredBefore, 'claimEnded', token)
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
  readonly claim: OwnedClaim;
  /** `queued`: back in line, as after a hold; with `nextAttemptAt`, a deferral that its client is not shown. */
  readonly status: 'queued' | 'retrying' | 'deferred';
  readonly call: NotedCall | null;
  /** Whether the attempt counts against the allowed number. */
  readonly counted: boolean;
  /** For a worker of an earlier version, which does not look at the attempts' codes. */
  readonly fateUnknown: boolean;
  readonly deferredBefore: DailyWait | 'none';
  /** ms epoch */
  readonly nextAttemptAt: number | null;
}

/**
 * Ends a claim without an outcome. Doing it again changes nothing.
 *
 * @returns `not_ours` when another run has claimed it in the meantime; the attempt is noted all the same
 */
export async function postponeVerification(
  redis: Redis,
  keys: LaneKeys,
  postponement: Postponement,
): Promise<'postponed' | 'not_ours' | 'missing'> {
  const { id, claim } = postponement;
  const reply = await postponeScript(
    redis,
    [keys.record(id), keys.inFlight()],
    [
      ...callArguments(keys, postponement.call),
      id,
      keys.indexPrefix(),
      claim.workerId,
      claim.token,
      postponement.status,
      postponement.counted ? '1' : '0',
      postponement.nextAttemptAt ?? '',
      postponement.fateUnknown ? '1' : '0',
      postponement.deferredBefore,
    ],
  );
  return reply as 'postponed' | 'not_ours' | 'missing';
}
