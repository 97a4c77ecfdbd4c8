import { resolveOutcome } from '../../outcomes/resolve-outcome.ts';
import type { VerificationRecord } from './verification-record.ts';

/**
 * What a client may learn of the limit per person.
 *
 * The upstream counts the questions about one person over all clients of an account. `deferred` before an attempt of its
 * own would reveal to a client that others have asked about this person: such a verification waits as `queued`, and looks as if
 * it stood at the end of the line. Once the upstream's refusal stands among its own attempts, there is nothing to hide.
 */
type Deferrable = Pick<VerificationRecord, 'status' | 'attempts' | 'nextAttemptAt'>;

/** Whether the verification's own last attempt says that the person must wait. */
export function isDeferralExplained({ attempts }: Pick<VerificationRecord, 'attempts'>): boolean {
  const last = attempts.at(-1);
  return last !== undefined && resolveOutcome(last.code).kind === 'daily_limit';
}

/** Whether it waits for its person without its client's knowing. Earlier versions stored `deferred` for both. */
export function isSilentlyDeferred(record: Deferrable): boolean {
  if (record.status === 'queued') return record.nextAttemptAt !== null;
  return record.status === 'deferred' && !isDeferralExplained(record);
}

/** The record as its client may see it. */
export function asClientSees(record: VerificationRecord): VerificationRecord {
  return isSilentlyDeferred(record) ? { ...record, status: 'queued', nextAttemptAt: null } : record;
}

/** The record as operators see it. */
export function asOperatorSees(record: VerificationRecord): VerificationRecord {
  return isSilentlyDeferred(record) ? { ...record, status: 'deferred' } : record;
}
