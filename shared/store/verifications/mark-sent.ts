import { defineScript } from '../redis/script.ts';
import { holdsClaimLua, noteCallLua } from './call-lua.ts';
import type { ClaimContext } from './claim.ts';
import type { OwnedClaim } from './owned-claim.ts';

// The field's name is an argument, so that the command is known by its bytes: in MONITOR, and to a proxy that injects faults.
const markScript = defineScript({
  name: 'markSent',
  keys: 1,
  lua: `
${holdsClaimLua}
local record, worker, token, call, field, at = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if not holdsClaim(record, worker, token) then return 'lost' end
redis.call('HSET', record, field, at, 'sentCall', call .. ' ' .. at)
return 'marked'
`,
});

/**
 * Marks that the request is about to leave. Send it only on `marked`: on `lost` another run has the verification, and may
 * have asked already.
 *
 * @param call of `makeRunToken`, of its own for each call to the upstream
 * @param sentAt RFC 3339
 */
export async function markSent(
  { redis, keys }: ClaimContext,
  { id, claim, call, sentAt }: { id: string; claim: OwnedClaim; call: string; sentAt: string },
): Promise<'marked' | 'lost'> {
  const reply = await markScript(
    redis,
    [keys.record(id)],
    [claim.workerId, claim.token, call, 'sentAt', sentAt],
  );
  return reply === 'marked' ? 'marked' : 'lost';
}

// A run that took over meanwhile may have taken the call for lost already: then what it noted is taken off again.
const takeBackScript = defineScript({
  name: 'takeBackMark',
  keys: 1,
  lua: `
${noteCallLua}
local record, call, ledgers = KEYS[1], ARGV[1], ARGV[2]
clearMark(record, call)
local known = knownCall(record, call)
if known and known.isGuess then
  redis.call('HDEL', record, 'call:' .. call, 'attempt:' .. known.nth)
  uncountCall(ledgers .. known.day, known.entry)
  redis.call('HINCRBY', record, 'revision', 1)
end
return 'taken_back'
`,
});

/** Takes a mark back whose request surely never left. The mark of any other call stays. */
export async function takeBackMark(
  { redis, keys }: ClaimContext,
  { id, call }: { id: string; call: string },
): Promise<void> {
  await takeBackScript(redis, [keys.record(id)], [call, keys.ledger('')]);
}
