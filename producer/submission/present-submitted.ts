import { computePollAfter } from '../../shared/account/estimate.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { noPlace, presentVerification } from '../../shared/store/verifications/present.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { presentNow, readPositions, readSurroundings, type Surroundings } from '../waiting.ts';
import type { SubmitDeps, Submitted } from './submit.ts';

/** A verification as its client sees it, and when it is worth looking again. */
export interface Shown {
  readonly verification: Verification;
  readonly pollAfterSeconds: number;
}

/**
 * What a submission is answered with, over HTTP and by the library.
 *
 * @param mayRead whether the caller may look verifications up; else a repeat is answered as the first request was, because its
 * Idempotency-Key must not show the verdict
 * @throws {ProblemError} unavailable, when an earlier submission under the same key cannot be read
 */
export async function presentSubmitted(
  deps: SubmitDeps,
  submitted: Submitted,
  { mayRead }: { readonly mayRead: boolean },
): Promise<Shown> {
  if (submitted.status === 'accepted') {
    const { record } = submitted;
    // It is accepted, whatever happens to Redis from here on: without the lane, its place is left out.
    return presentAccepted(deps, record, submitted).catch(() => presentWithoutPlace(record));
  }
  const reading = await readRecord(deps.redis, deps.keys, submitted.id);
  if (reading.status !== 'found') throw new ProblemError('unavailable', { headers: retryAfter(1) });
  const { record } = reading;
  if (!mayRead) return presentWithoutPlace(asAccepted(record));
  const [[position = null], surroundings] = await Promise.all([
    readPositions(deps.redis, deps.keys, [record.id]),
    readSurroundings(deps, record.clientId),
  ]);
  return present(record, position, surroundings, deps.now());
}

/** Asks Redis nothing, unless the lane has not been looked at for a while. */
async function presentAccepted(
  { lane, now }: SubmitDeps,
  record: VerificationRecord,
  { acceptance, position }: Extract<Submitted, { readonly status: 'accepted' }>,
): Promise<Shown> {
  const { overview, accounts } = await lane.readAll();
  // Those that its promise counts from: nothing has put it off yet.
  const repeats = acceptance.promise?.since.repeats ?? 0;
  return present(record, position, { lane: overview, accounts, repeats }, now());
}

function present(
  record: VerificationRecord,
  position: number | null,
  surroundings: Surroundings,
  now: number,
): Shown {
  const shown = presentNow(record, position, surroundings, now);
  const estimate = shown.estimatedCompletionAt === null ? null : Date.parse(shown.estimatedCompletionAt);
  return {
    verification: shown,
    pollAfterSeconds: record.outcome
      ? 1
      : computePollAfter(estimate, { submittedAt: record.submittedAt, now }),
  };
}

function presentWithoutPlace(record: VerificationRecord): Shown {
  return { verification: presentVerification(record, noPlace), pollAfterSeconds: 60 };
}

/** Nothing of it follows from what became of it since. */
function asAccepted(record: VerificationRecord): VerificationRecord {
  return {
    ...record,
    status: 'queued',
    attempts: [],
    nextAttemptAt: null,
    outcome: null,
    delivery: { status: 'pending', attempts: 0, nextAttemptAt: null },
  };
}
