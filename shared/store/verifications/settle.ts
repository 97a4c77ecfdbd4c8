import type { Redis } from 'ioredis';
import type { Outcome } from '../../contract/verification.ts';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { noteCallLua, noteLostCallLua } from './call-lua.ts';
import { CRASH_CODE } from './claim.ts';
import { moveStatusLua, releaseClaimLua, shredLua } from './lua.ts';
import { callArguments, type NotedCall } from './noted-call.ts';
import {
  hashFromReply,
  parseRecord,
  REVISION_FIELDS,
  revisionFor,
  type VerificationRecord,
} from './verification-record.ts';

// An outcome and its event tell of every attempt, and whether another of them may have been billed. Both are made outside, of
// the record as it was read; so they are written only while the record is still that one, and otherwise the record goes
// back, to make them again.
//
// The first outcome wins. A worker that was stopped for longer than its lock may come back with an answer while another
// asks again: the call under way is taken for lost, until its answer comes. A script that is sent again finds its own
// outcome. A record that is gone had its outcome, and every call under way was counted with it.
const settleScript = defineScript({
  name: 'settle',
  keys: 5,
  lua: `
${moveStatusLua}
${releaseClaimLua}
${noteCallLua}
${noteLostCallLua}
${shredLua}
local record, subject, inFlight, photosStored, laneIndex = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local ledgers, call, attempt, isListed, day, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local id, indexPrefix, seen, status, outcome, event = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local client, crashCode, today, mode = ARGV[13], ARGV[14], ARGV[15], ARGV[16]
local function revision()
  local parts = redis.call('HMGET', record, ${REVISION_FIELDS.map((name) => `'${name}'`).join(', ')})
  for i = 1, ${REVISION_FIELDS.length} do parts[i] = parts[i] or '' end
  local mark = standingMark(record)
  if mark == '' then mark = '?' elseif mark == call then mark = nil end
  parts[${REVISION_FIELDS.length + 1}] = mark or ''
  return table.concat(parts, '|')
end
local now = redis.call('HMGET', record, 'status', 'outcome')
if not now[1] then return {'missing'} end
if mode == 'settle' and now[2] == outcome then return {'settled'} end
if seen ~= '' and seen ~= revision() then return {'stale', unpack(redis.call('HGETALL', record))} end
if mode ~= 'settle' or now[2] or now[1] == 'cancelled' then
  noteCall(record, ledgers, call, attempt, isListed, day, entry)
  if mode == 'correct' then redis.call('HSET', record, 'outcome', outcome, 'event', event) end
  return {now[2] and 'already_settled' or now[1] == 'cancelled' and 'cancelled' or 'not_ours'}
end
noteLostCall(record, ledgers, client, crashCode, today, call)
noteCall(record, ledgers, call, attempt, isListed, day, entry)
releaseClaim(record, inFlight)
moveStatus(record, indexPrefix, id, status)
redis.call('HSET', record, 'outcome', outcome, 'deliveryStatus', 'pending')
redis.call('HDEL', record, 'nextAttemptAt', 'claims', 'claimEnded')
if event ~= '' then redis.call('HSET', record, 'event', event) end
redis.call('ZADD', indexPrefix .. '-undelivered', redis.call('TIME')[1], id)
shred(subject, photosStored, laneIndex, id)
return {'settled'}
`,
});

export interface Settlement {
  readonly id: string;
  readonly clientId: string;
  /** The record that outcome and event were made of. Without it they are written whatever the record is by now. */
  readonly seen?: VerificationRecord;
  readonly status: 'completed' | 'failed';
  /**
   * The outcome; one that stands, set right, when `seen` had one; null: it is not this caller's to decide, or a receiver
   * may know it, and the call is noted alone.
   */
  readonly outcome: Outcome | null;
  /** The call that brought the outcome; null when there was none (quarantine, expiry). */
  readonly call: NotedCall | null;
  /** The event's body. Without it, it is made from the record by the first delivery. */
  readonly event?: string;
  /** `yyyy-mm-dd` for the ledger */
  readonly day: string;
}

export type Settled =
  | { readonly status: 'settled' }
  /** Another attempt's outcome stands. The call is noted. */
  | { readonly status: 'already_settled' }
  /** As the two before: the call is noted, and there is no outcome of this settlement's. */
  | { readonly status: 'cancelled' | 'not_ours' }
  | { readonly status: 'missing' }
  /** Nothing was written: the record has come to something else since it was seen. */
  | { readonly status: 'stale'; readonly record: VerificationRecord };

/**
 * Writes the outcome down before anything else happens with it, shreds the subject and ends the claim, in one step. Doing it
 * again changes nothing.
 *
 * @throws {Error} when the record has come to something that cannot be read
 */
export async function settleVerification(
  redis: Redis,
  keys: LaneKeys,
  { id, clientId, seen, status, outcome, call, event, day }: Settlement,
): Promise<Settled> {
  const reply = (await settleScript(
    redis,
    [keys.record(id), keys.subject(id), keys.inFlight(), keys.photosStored(), keys.laneIndex()],
    [
      ...callArguments(keys, call),
      id,
      keys.indexPrefix(),
      seen ? revisionFor(seen, call?.id ?? '') : '',
      status,
      outcome ? JSON.stringify(outcome) : '',
      event ?? '',
      clientId,
      CRASH_CODE,
      day,
      outcome === null ? 'note' : seen?.outcome ? 'correct' : 'settle',
    ],
  )) as [Settled['status'], ...string[]];
  const [result, ...fields] = reply;
  if (result !== 'stale') return { status: result };
  const parsed = parseRecord(hashFromReply(fields));
  if (parsed.status === 'found') return { status: 'stale', record: parsed.record };
  throw new Error(`Cannot settle ${id}: its record must be readable, received ${parsed.status}`);
}
