import { loadScript } from '../redis/script.ts';
import { readSubject, type SubjectReading, type SubjectStore } from '../subjects/subject-store.ts';
import type { OwnedClaim } from './owned-claim.ts';
import { hashFromReply, parseRecord, type VerificationRecord } from './verification-record.ts';
import type { VerificationStore } from './verification-store.ts';

export type Claim =
  | {
      readonly status: 'claimed';
      readonly record: VerificationRecord;
      /** Whatever it is: nothing of it has been asked about yet. */
      readonly subject: SubjectReading;
      readonly claim: OwnedClaim;
    }
  /** It has an outcome already: it is never asked for again. */
  | { readonly status: 'final'; readonly record: VerificationRecord }
  | { readonly status: 'cancelled' }
  | { readonly status: 'missing' }
  /** This run had it, and another one has claimed it since. */
  | { readonly status: 'lost' }
  | { readonly status: 'unreadable'; readonly fields: readonly string[] };

const claimScript = loadScript(new URL('../scripts/claim.lua', import.meta.url));

export interface ClaimContext extends VerificationStore {
  readonly workerId: string;
}

export interface ClaimDeps extends ClaimContext {
  readonly subjects: SubjectStore;
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
  { redis, keys, workerId, subjects }: ClaimDeps,
  { id, clientId, token, day }: { id: string; clientId: string; token: string; day: string },
): Promise<Claim> {
  // One connection keeps order, so both travel in one round trip.
  const [reply, hash] = await Promise.all([
    claimScript(
      redis,
      [keys.record(id), keys.inFlight(), keys.heartbeats()],
      [id, workerId, token, keys.tag, clientId, CRASH_CODE, day],
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
  const subject = await readSubject(subjects, hash);
  return { status: 'claimed', record, subject, claim: { workerId, token } };
}
