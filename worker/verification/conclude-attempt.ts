import type { Logger } from 'pino';
import type { Attempt } from '../../shared/contract/verification.ts';
import type { NextStep } from '../../shared/outcomes/decide.ts';
import { resolveBilling, resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import { type LedgerEntry, ledgerDay } from '../../shared/store/usage/ledger.ts';
import type { ClaimContext } from '../../shared/store/verifications/claim.ts';
import type { NotedCall } from '../../shared/store/verifications/noted-call.ts';
import { isDeferralExplained } from '../../shared/store/verifications/person-deferral.ts';
import { type Postponement, postponeVerification } from '../../shared/store/verifications/postpone.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { Tracing } from '../../shared/tracing/tracing.ts';
import type { JobResult } from '../job/job-result.ts';
import type { CallResult } from '../upstream/upstream-client.ts';
import type { Settle } from './settle-outcome.ts';
import type { HeldVerification, SlotWait } from './slot-taker.ts';

export interface ConcludeDeps {
  readonly claims: ClaimContext;
  readonly settle: Settle;
  /** Codes the deployment is billed for. */
  readonly billedCodes: ReadonlySet<string>;
  readonly tracing: Tracing;
  readonly log: Logger;
  readonly now: () => number;
}

/** A call whose last byte may have left. */
export type Called = Exclude<CallResult, { status: 'not_sent' }>;

type CalledAt = Pick<Called, 'sentAt' | 'durationMs' | 'code' | 'requestId'>;

/**
 * Writes an attempt and what follows from it into the record, and says what becomes of the job.
 *
 * @param callId as the call was marked
 */
export async function applyStep(
  deps: ConcludeDeps,
  held: HeldVerification,
  { call, callId }: { readonly call: Called; readonly callId: string },
  step: Exclude<NextStep, { step: 'requeue' }>,
): Promise<JobResult> {
  const { record, claim } = held;
  const noted = describeCall(deps, record, { call, callId });
  // One that may have been paid for is never left out.
  const unlisted = { ...noted, isListed: noted.ledger !== null && noted.ledger.billed !== 'unbilled' };
  const postpone = (change: Partial<Postponement>) =>
    postponeVerification(deps.claims.redis, deps.claims.keys, {
      ...unchanged(held),
      call: noted,
      fateUnknown: call.row.kind === 'unknown' && noted.ledger !== null,
      counted: true,
      ...change,
    });
  deps.tracing.note({
    'veriqueue.code': call.code,
    'veriqueue.step': step.step,
    ...(call.requestId === null ? {} : { 'veriqueue.request_id': call.requestId }),
  });
  logAttempt(deps.log, record.id, call, step.step);
  switch (step.step) {
    case 'settle':
      await deps.settle(record, {
        code: call.code,
        ...answerOf(call),
        call: noted,
        ...(call.row.kind === 'final' ? {} : { needs: claim }),
      });
      return { result: 'done' };
    case 'retry':
      await postpone({ status: 'retrying', nextAttemptAt: step.at });
      return { result: 'later', at: step.at, behind: step.behind };
    case 'defer':
      await postpone({ status: 'deferred', nextAttemptAt: step.until, deferredBefore: step.wait });
      return { result: 'later', at: step.until };
    // Nothing is burnt and nothing is noted: a probe every minute for days would only fill the record.
    case 'hold':
    case 'slow':
      await postpone({ counted: false, call: unlisted });
      return { result: 'later', at: step.at, behind: true };
    default:
      return step satisfies never;
  }
}

/** Nothing was asked; the verification stands where it stood. */
export async function goBackInLine(
  deps: ConcludeDeps,
  held: HeldVerification,
  wait: SlotWait,
): Promise<JobResult> {
  await postponeVerification(deps.claims.redis, deps.claims.keys, unchanged(held));
  return wait.status === 'lane_closed'
    ? { result: 'lane_closed', until: wait.until }
    : { result: 'hand_back' };
}

/** Others have used up what the upstream allows about this person; nothing was asked, so nothing is counted. */
export async function waitWithPerson(
  deps: ConcludeDeps,
  held: HeldVerification,
  until: number,
): Promise<JobResult> {
  await postponeVerification(deps.claims.redis, deps.claims.keys, {
    ...unchanged(held),
    status: isDeferralExplained(held.record) ? 'deferred' : 'queued',
    nextAttemptAt: until,
  });
  deps.log.info(
    { event: 'person_limit', verification: held.record.id, until: new Date(until).toISOString() },
    'it waits until its person may be asked about again',
  );
  return { result: 'later', at: until };
}

/** A call as record and ledger note it: every attempt, if its request may have reached the upstream, is in both. */
function describeCall(
  deps: ConcludeDeps,
  record: VerificationRecord,
  { call, callId }: { readonly call: Called; readonly callId: string },
): NotedCall {
  const reached = call.status === 'answered' || call.sent;
  return {
    id: callId,
    attempt: describeAttempt(call),
    isListed: true,
    ledger: reached ? describeLedgerEntry(deps, record, call.code) : null,
  };
}

/** A call that decides nothing about its verification: the ledger has it, and only what may have been paid for is listed. */
export function describeRefusedCall(
  deps: ConcludeDeps,
  record: VerificationRecord,
  call: CalledAt,
  callId: string,
): NotedCall {
  const ledger = describeLedgerEntry(deps, record, call.code);
  return { id: callId, attempt: describeAttempt(call), isListed: ledger.billed !== 'unbilled', ledger };
}

function describeLedgerEntry(
  { billedCodes, now }: ConcludeDeps,
  record: VerificationRecord,
  code: string,
): LedgerEntry {
  const billed = resolveBilling(resolveOutcome(code), billedCodes);
  return { day: ledgerDay(now()), clientId: record.clientId, code, billed };
}

function unchanged({ record, claim }: HeldVerification): Postponement {
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

function describeAttempt(call: CalledAt): Attempt {
  return {
    at: new Date(call.sentAt).toISOString(),
    durationMs: Math.round(call.durationMs),
    code: call.code,
    requestId: call.requestId,
  };
}

function answerOf(call: Called) {
  return call.status === 'answered'
    ? { description: call.description, sim: call.sim, requestId: call.requestId }
    : { requestId: call.requestId };
}

function logAttempt(log: Logger, verification: string, call: Called, step: NextStep['step']): void {
  log.info(
    {
      event: 'attempt',
      verification,
      code: call.code,
      step,
      requestId: call.requestId,
      durationMs: Math.round(call.durationMs),
      ...(call.status === 'unanswered' ? { cause: call.cause } : {}),
    },
    'upstream call',
  );
}
