import type { Logger } from 'pino';
import { noticeTypes } from '../../shared/contract/event-type.ts';
import type { WaitingStatus } from '../../shared/contract/verification-status.ts';
import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import type { NextStep } from '../../shared/outcomes/retry-policy.ts';
import { type ClientNotice, writeNotice } from '../../shared/store/notices/written-notice.ts';
import type { ClaimContext } from '../../shared/store/verifications/claim.ts';
import { isDeferralExplained } from '../../shared/store/verifications/person-deferral.ts';
import { type Postponement, postponeVerification } from '../../shared/store/verifications/postpone.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { Tracing } from '../../shared/tracing/tracing.ts';
import type { JobResult } from '../job/job-result.ts';
import type { Called, NotCalled } from './call-upstream.ts';
import { isPastDeadline } from './deadline.ts';
import { type DescribeDeps, describeCall, describeUndecidedCall, type MarkedCall } from './describe-call.ts';
import type { FinishVerification } from './finish-verification.ts';
import type { OwnedVerification } from './owned-verification.ts';

export interface ConcludeDeps extends DescribeDeps {
  readonly claims: ClaimContext;
  readonly finish: FinishVerification;
  readonly tracing: Tracing;
  readonly log: Logger;
}

/** Writes an attempt and what the retry policy made of it into the record, and says what becomes of the job. */
export async function applyStep(
  deps: ConcludeDeps,
  owned: OwnedVerification,
  marked: MarkedCall,
  step: Exclude<NextStep, { step: 'again' }>,
): Promise<JobResult> {
  const { record, claim } = owned;
  const { call } = marked;
  noteStep(deps, record.id, call, step.step === 'postpone' ? step.why : step.step);
  if (step.step === 'finish') {
    await deps.finish(record, {
      row: call.row,
      ...answerOf(call),
      call: describeCall(deps, record, marked),
      ...(call.row.kind === 'final' ? {} : { needs: claim }),
    });
    return { result: 'done' };
  }
  if (step.status !== 'queued' && isPastDeadline(record, step.at)) {
    const call = describeCall(deps, record, marked);
    await deps.finish(record, { row: resolveOutcome('Veriqueue.DeadlinePassed'), call, needs: claim });
    return { result: 'done' };
  }
  const { status, counted, deferredBefore, at } = step;
  // A probe every minute for days would fill the record: what does not count is listed only if it may have been paid for.
  const noted = (counted ? describeCall : describeUndecidedCall)(deps, record, marked);
  await postponeVerification(deps.claims.redis, deps.claims.keys, {
    id: record.id,
    claim,
    status,
    call: noted,
    counted,
    fateUnknown: call.row.kind === 'unknown' && noted.ledger !== null,
    deferredBefore,
    nextAttemptAt: status === 'queued' ? null : at,
    notice: noticeOf(record, { code: call.code, status, at, now: deps.now() }),
  });
  return { result: 'later', at };
}

/** Nothing was asked; the verification stands where it stood. */
export async function goBackInLine(
  deps: ConcludeDeps,
  owned: OwnedVerification,
  why: NotCalled,
): Promise<JobResult> {
  if (why.status === 'deadline_passed') return failPastDeadline(deps, owned);
  await goBackUnasked(deps, owned);
  return why.status === 'limiter_closed'
    ? { result: 'lane_closed', until: why.until }
    : { result: 'hand_back' };
}

/** Ends the claim as if it had never been: nothing was asked, and nothing is counted. */
export async function goBackUnasked(
  { claims }: Pick<ConcludeDeps, 'claims'>,
  owned: OwnedVerification,
): Promise<void> {
  await postponeVerification(claims.redis, claims.keys, unchanged(owned));
}

/** Its client wants no answer any more, so that it is not asked about. */
export async function failPastDeadline(
  deps: Pick<ConcludeDeps, 'finish'>,
  { record, claim }: OwnedVerification,
): Promise<JobResult> {
  const row = resolveOutcome('Veriqueue.DeadlinePassed');
  await deps.finish(record, { row, call: null, needs: claim });
  return { result: 'done' };
}

/** Others have used up what the upstream allows about this person; nothing was asked, so nothing is counted. */
export async function waitWithPerson(
  deps: ConcludeDeps,
  owned: OwnedVerification,
  until: number,
): Promise<JobResult> {
  await postponeVerification(deps.claims.redis, deps.claims.keys, {
    ...unchanged(owned),
    status: isDeferralExplained(owned.record) ? 'deferred' : 'queued',
    nextAttemptAt: until,
  });
  deps.log.info(
    { event: 'person_limit', verification: owned.record.id, until: new Date(until).toISOString() },
    'waits: this person was asked about too often',
  );
  return { result: 'later', at: until };
}

function unchanged({ record, claim }: OwnedVerification): Postponement {
  return {
    id: record.id,
    claim,
    status: 'queued',
    call: null,
    counted: false,
    fateUnknown: false,
    deferredBefore: record.deferredBefore,
    nextAttemptAt: null,
  };
}

/**
 * Only of an attempt of its own, so that a client learns nothing that the verification does not show: that it waits because others
 * have asked about the person must stay among those.
 */
function noticeOf(
  { id, clientId, livemode, reference, attemptsCounted }: VerificationRecord,
  { code, status, at, now }: { code: string; status: WaitingStatus; at: number; now: number },
): ClientNotice | null {
  if (status === 'queued') return null;
  const nextAttemptAt = new Date(at).toISOString();
  const attempts = attemptsCounted + 1;
  const notice = writeNotice({
    type: noticeTypes[status],
    timestamp: new Date(now).toISOString(),
    data: { id, status, livemode: livemode === true, reference, code, attempts, nextAttemptAt },
  });
  return { clientId, ...notice };
}

function answerOf(call: Called) {
  return call.status === 'answered'
    ? { description: call.description, sim: call.sim, requestId: call.requestId }
    : { requestId: call.requestId };
}

function noteStep({ tracing, log }: ConcludeDeps, verification: string, call: Called, step: string): void {
  const { code, requestId } = call;
  tracing.note({
    'veriqueue.code': code,
    'veriqueue.step': step,
    ...(requestId === null ? {} : { 'veriqueue.request_id': requestId }),
  });
  const durationMs = Math.round(call.durationMs);
  const cause = call.status === 'unanswered' ? { cause: call.cause } : {};
  log.info({ event: 'attempt', verification, code, step, requestId, durationMs, ...cause }, 'upstream call');
}
