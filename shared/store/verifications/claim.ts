import type { Redis } from 'ioredis';
import type { SealedSubject } from '../../sealing/seal.ts';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { noteCallLua, noteLostCallLua } from './call-lua.ts';
import { deathsLua } from './heartbeat.ts';
import { moveStatusLua, releaseClaimLua } from './lua.ts';
import type { OwnedClaim } from './owned-claim.ts';
import { joinPhoto } from './photo-pieces.ts';
import { hashFromReply, parseRecord, type VerificationRecord } from './verification-record.ts';

export type Claim =
  /** `sealed` is null when the subject is gone although there is no outcome yet. */
  | {
      readonly status: 'claimed';
      readonly record: VerificationRecord;
      readonly sealed: SealedSubject | null;
      readonly claim: OwnedClaim;
    }
  /** An outcome is there already: it is never asked for again. */
  | { readonly status: 'final'; readonly record: VerificationRecord }
  | { readonly status: 'cancelled' }
  | { readonly status: 'missing' }
  /** This run had it, and another one has claimed it since. */
  | { readonly status: 'lost' }
  | { readonly status: 'unreadable'; readonly fields: readonly string[] };

/** Tokens of 12 characters and a space each: as many as runs can follow one another before a lost reply is known as lost. */
const CLAIMS_REMEMBERED = 4;

// A claim that was never released means that its worker died, or lost its lock, with this verification in flight. Which
// of the two, its heartbeat says (heartbeat.ts).
// If its request had left (`sentAt`), the upstream may have answered, and billed, a call whose answer nobody has.
//
// A claim whose reply was lost is sent again. It finds itself in the record, as the claim that stands or as one that another
// run has taken over from, and then it must not take the verification back.
const claimScript = defineScript({
  name: 'claim',
  keys: 3,
  lua: `
${moveStatusLua}
${releaseClaimLua}
${noteCallLua}
${noteLostCallLua}
${deathsLua}
local record, inFlight, heartbeats = KEYS[1], KEYS[2], KEYS[3]
local id, worker, token, indexPrefix, client = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local crashCode, day, ledgers = ARGV[6], ARGV[7], ARGV[8]
local before = redis.call('HMGET', record, 'status', 'claimedBy', 'claimToken', 'claims')
local status = before[1]
if not status then return {} end
if status == 'completed' or status == 'failed' or status == 'cancelled' then
  return redis.call('HGETALL', record)
end
forgetDeathsOfTheLiving(record, heartbeats)
local claims = before[4] or ''
if string.find(claims, token, 1, true) then
  if before[2] == worker and before[3] == token then return redis.call('HGETALL', record) end
  return {'lost'}
end
if before[2] then
  if before[2] ~= worker then noteDeath(record, heartbeats) end
  releaseClaim(record, inFlight)
end
noteLostCall(record, ledgers, client, crashCode, day, '')
moveStatus(record, indexPrefix, id, 'verifying')
redis.call('HSET', record, 'claimedBy', worker, 'claimToken', token,
  'claims', string.sub(claims .. token .. ' ', -${CLAIMS_REMEMBERED * 13}))
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

/** What a call is noted as whose worker lost its claim before there was an answer. */
export const CRASH_CODE = 'Veriqueue.WorkerCrashed';

/**
 * Claims a verification for one attempt: status `verifying`, in flight with this worker. Doing it again under the same token
 * changes nothing but this: deaths of workers that have given a sign of life since are not counted any more.
 *
 * @param token of `makeRunToken`, of its own for each run
 * @param day `yyyy-mm-dd` for the ledger
 */
export async function claimVerification(
  { redis, keys, workerId }: ClaimContext,
  { id, clientId, token, day }: { id: string; clientId: string; token: string; day: string },
): Promise<Claim> {
  // One connection keeps order, so both travel in one round trip.
  const [reply, sealed] = await Promise.all([
    claimScript(
      redis,
      [keys.record(id), keys.inFlight(), keys.heartbeats()],
      [id, workerId, token, keys.indexPrefix(), clientId, CRASH_CODE, day, keys.ledger('')],
    ),
    redis.hgetallBuffer(keys.subject(id)),
  ]);
  const fields = reply as string[];
  if (fields.length === 1) return { status: 'lost' };
  const parsed = parseRecord(hashFromReply(fields));
  if (parsed.status !== 'found') return parsed;
  const { record } = parsed;
  if (record.status === 'cancelled') return { status: 'cancelled' };
  if (record.outcome) return { status: 'final', record };
  return { status: 'claimed', record, sealed: readSealed(sealed), claim: { workerId, token } };
}

function readSealed(subject: Readonly<Record<string, Buffer>>): SealedSubject | null {
  const { key: wrappedKey, fields } = subject;
  const photo = joinPhoto(subject);
  return wrappedKey && fields && photo ? { wrappedKey, fields, photo } : null;
}
