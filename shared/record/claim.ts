import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import type { SealedSubject } from '../sealing/seal.ts';
import { countCallLua, moveStatusLua, releaseClaimLua } from './lua.ts';
import { joinPhoto } from './photo-pieces.ts';
import { hashFromReply, parseRecord, type VerificationRecord } from './verification-record.ts';

export type Claim =
  /** `sealed` is null when the subject is gone although there is no outcome yet. */
  | { readonly status: 'claimed'; readonly record: VerificationRecord; readonly sealed: SealedSubject | null }
  /** An outcome is there already: it is never asked for again. */
  | { readonly status: 'final'; readonly record: VerificationRecord }
  | { readonly status: 'cancelled' }
  | { readonly status: 'missing' }
  | { readonly status: 'unreadable'; readonly fields: readonly string[] };

// A claim that was never released means that its worker died, or lost its lock, with this verification in flight.
// If its request had left (`sentAt`), the upstream may have answered, and billed, a call whose answer nobody has.
const claimScript = defineScript({
  name: 'claim',
  keys: 3,
  lua: `
${moveStatusLua}
${releaseClaimLua}
${countCallLua}
local record, inFlight, ledger = KEYS[1], KEYS[2], KEYS[3]
local id, worker, indexPrefix, client = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local status = redis.call('HGET', record, 'status')
if not status then return {} end
if status == 'completed' or status == 'failed' or status == 'cancelled' then
  return redis.call('HGETALL', record)
end
local previous = redis.call('HMGET', record, 'claimedBy', 'sentAt')
if previous[1] then
  if previous[1] ~= worker then
    local alone = redis.call('HGET', inFlight, previous[1]) == '1'
    redis.call('HINCRBY', record, alone and 'crashesAlone' or 'crashesShared', 1)
  end
  releaseClaim(record, inFlight)
end
if previous[2] then
  redis.call('HSET', record, 'fateUnknown', '1', 'attempt:' .. redis.call('HINCRBY', record, 'attempts', 1),
    cjson.encode({ at = previous[2], durationMs = cjson.null, code = ARGV[5], requestId = cjson.null }))
  redis.call('HDEL', record, 'sentAt')
  countCall(ledger, client .. '|' .. ARGV[5] .. '|unknown')
end
moveStatus(record, indexPrefix, id, 'verifying')
redis.call('HSET', record, 'claimedBy', worker)
redis.call('HDEL', record, 'nextAttemptAt')
redis.call('HINCRBY', inFlight, worker, 1)
return redis.call('HGETALL', record)
`,
});

export interface ClaimContext {
  readonly redis: Redis;
  readonly keys: LaneKeys;
  readonly workerId: string;
}

/**
 * Claims a verification for one attempt: status `verifying`, in flight with this worker.
 *
 * @param crashCode the outcome code an attempt gets whose worker died in mid-call
 * @param day `yyyy-mm-dd` for the ledger
 */
export async function claimVerification(
  { redis, keys, workerId }: ClaimContext,
  { id, clientId, crashCode, day }: { id: string; clientId: string; crashCode: string; day: string },
): Promise<Claim> {
  // One connection keeps order, so both travel in one round trip.
  const [reply, sealed] = await Promise.all([
    claimScript(
      redis,
      [keys.record(id), keys.inFlight(), keys.ledger(day)],
      [id, workerId, keys.indexPrefix(), clientId, crashCode],
    ),
    redis.hgetallBuffer(keys.subject(id)),
  ]);
  const parsed = parseRecord(hashFromReply(reply as string[]));
  if (parsed.status !== 'found') return parsed;
  const { record } = parsed;
  if (record.status === 'cancelled') return { status: 'cancelled' };
  if (record.outcome) return { status: 'final', record };
  const { key: wrappedKey, fields } = sealed;
  const photo = joinPhoto(sealed);
  return {
    status: 'claimed',
    record,
    sealed: wrappedKey && fields && photo ? { wrappedKey, fields, photo } : null,
  };
}

/**
 * Marks that the request is leaving now. Not awaited before sending: both writes leave this process in one tick, in
 * this order, and waiting for Redis' answer would spread the arrivals at the upstream.
 *
 * @param sentAt RFC 3339
 */
export async function markSent({ redis, keys }: ClaimContext, id: string, sentAt: string): Promise<void> {
  await redis.hset(keys.record(id), 'sentAt', sentAt);
}
