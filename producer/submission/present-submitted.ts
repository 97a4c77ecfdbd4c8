import { computePollAfter } from '../../shared/account/estimate.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Acceptance, acceptedHash } from '../../shared/store/verifications/accept.ts';
import { noPlace, presentVerification } from '../../shared/store/verifications/present.ts';
import { readPromiseFields } from '../../shared/store/verifications/promise.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import {
  parseRecord,
  type VerificationRecord,
} from '../../shared/store/verifications/verification-record.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { presentNow, readPositions, readSurroundings } from '../waiting.ts';
import type { SubmitDeps, Submitted } from './submit.ts';

/** A verification as its client sees it, and when it is worth looking again. */
export interface Shown {
  readonly verification: Verification;
  readonly pollAfterSeconds: number;
}

/**
 * What a submission is answered with, over HTTP and by the library.
 *
 * @throws {ProblemError} unavailable, when an earlier submission under the same key cannot be read
 */
export async function presentSubmitted(deps: SubmitDeps, submitted: Submitted): Promise<Shown> {
  if (submitted.status === 'accepted') {
    const record = await recordOf(deps, submitted.acceptance);
    // It is accepted, whatever happens to Redis from here on: a place that cannot be read is left out.
    return present(deps, record).catch(() => presentWithoutPlace(record));
  }
  const reading = await readRecord(deps.redis, deps.keys, submitted.id);
  if (reading.status !== 'found') throw new ProblemError('unavailable', { headers: retryAfter(1) });
  return present(deps, reading.record);
}

async function present({ redis, keys, lane, now }: SubmitDeps, record: VerificationRecord): Promise<Shown> {
  const [[position = null], surroundings] = await Promise.all([
    readPositions(redis, keys, [record.id]),
    readSurroundings({ redis, keys, lane }, record.clientId),
  ]);
  const at = now();
  const shown = presentNow(record, position, surroundings, at);
  const estimate = shown.estimatedCompletionAt === null ? null : Date.parse(shown.estimatedCompletionAt);
  return {
    verification: shown,
    pollAfterSeconds: record.outcome
      ? 1
      : computePollAfter(estimate, { submittedAt: record.submittedAt, now: at }),
  };
}

function presentWithoutPlace(record: VerificationRecord): Shown {
  return { verification: presentVerification(record, noPlace), pollAfterSeconds: 60 };
}

/** The record as the acceptance wrote it: of it, only the promise is read back. Without that it is shown all the same. */
async function recordOf({ redis, keys }: SubmitDeps, acceptance: Acceptance): Promise<VerificationRecord> {
  const { id, promise } = acceptance;
  const promised = promise === undefined ? {} : await readPromiseFields(redis, keys, id).catch(() => ({}));
  const parsed = parseRecord({ ...acceptedHash(acceptance), ...promised });
  if (parsed.status === 'found') return parsed.record;
  throw new Error('The record of a submission does not read as it was written');
}
