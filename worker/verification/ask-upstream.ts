import type { LaneEvidence } from '../../shared/account/limiter/lane-call.ts';
import type { PersonLimit } from '../../shared/account/person-limit/person-limit.ts';
import { computeNextStep, type NextStep, type RetrySettings } from '../../shared/outcomes/decide.ts';
import type { OutcomeKind } from '../../shared/outcomes/outcome-row.ts';
import { labelOfCode, resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import type { Subject } from '../../shared/sealing/subject.ts';
import { noteCall } from '../../shared/store/verifications/note-call.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { JobResult, JobRun } from '../job/job-result.ts';
import type { PreparedCall } from '../upstream/prepared-call.ts';
import type { CallResult, SupersededCall, UpstreamClient } from '../upstream/upstream-client.ts';
import {
  applyStep,
  type Called,
  type ConcludeDeps,
  describeRefusedCall,
  goBackInLine,
  waitWithPerson,
} from './conclude-attempt.ts';
import { createSlotTaker, type HeldVerification, type SlotTakerDeps, type SlotWait } from './slot-taker.ts';
import { traceCall } from './trace-call.ts';
import { withholdSubject } from './withhold-subject.ts';

export interface AskDeps extends SlotTakerDeps, ConcludeDeps {
  readonly upstream: UpstreamClient;
  readonly endpoint: URL;
  readonly persons: PersonLimit;
  readonly retry: RetrySettings;
  readonly random: () => number;
}

export type AskUpstream = (held: HeldVerification, subject: Subject, run: JobRun) => Promise<JobResult>;

/** Calls in vain that one claim sits out (refused for pace, slot too late) before it goes back in line. */
const VAIN_CALLS_SAT_OUT = 10;

/** Asks the upstream about a claimed verification, and writes down what came of it. */
export function createAskUpstream(deps: AskDeps): AskUpstream {
  return async (held, subject, run) => {
    const { idCard, name, photo } = subject;
    const { extra } = held.record;
    const admission = await deps.persons.admit(idCard);
    if (admission.status === 'wait') return waitWithPerson(deps, held, admission.until);
    const prepared = await deps.upstream.prepare({
      idCard,
      name,
      photo,
      ...(extra === null ? {} : { extra }),
    });
    const asked = await askUntilAnswered(deps, held, { prepared, about: deps.persons.tagOf(idCard) }, run);
    if (asked.status === 'not_asked') {
      await deps.persons.giveBack(idCard, admission.reservation);
      // The record is another run's now, and so is the job unless it comes here again.
      if (asked.wait.status === 'claim_lost') return { result: 'hand_back' };
      return goBackInLine(deps, held, asked.wait);
    }
    if (asked.step.step === 'defer') await deps.persons.block(idCard, asked.step.until);
    const call = withholdSubject(asked.call, subject);
    return applyStep(deps, held, { call, callId: asked.callId }, asked.step);
  };
}

type Asked =
  | {
      readonly status: 'asked';
      readonly call: Called;
      readonly callId: string;
      readonly step: Exclude<NextStep, { step: 'requeue' }>;
    }
  | { readonly status: 'not_asked'; readonly wait: SlotWait };

interface Question {
  readonly prepared: PreparedCall;
  /** See `LaneReport`. */
  readonly about: string;
}

async function askUntilAnswered(
  deps: AskDeps,
  held: HeldVerification,
  { prepared, about }: Question,
  { signal, priority }: JobRun,
): Promise<Asked> {
  const { record } = held;
  for (let vain = 0; vain < VAIN_CALLS_SAT_OUT; vain += 1) {
    const slot = createSlotTaker(deps, held, priority);
    const onSuperseded = (call: SupersededCall) => noteRefusal(deps, record, call, slot.wait());
    const { call, wait } = await traceCall(deps, record, async () => {
      const called = await deps.upstream.call(prepared, { takeSlot: slot.take, onSuperseded, signal });
      return { call: called, wait: await slot.ended(wasSent(called)) };
    });
    if (call.status === 'not_sent') {
      if (call.reason === 'slot_late' && !signal.aborted) continue;
      return { status: 'not_asked', wait };
    }
    const step = await judge(deps, record, { call, wait, about });
    if (step.step !== 'requeue') return { status: 'asked', call, callId: callIdOf(wait), step };
    await noteCall(deps.claims, record.id, describeRefusedCall(deps, record, call, callIdOf(wait)));
  }
  return { status: 'not_asked', wait: { status: 'lane_closed', until: deps.now() } };
}

const wasSent = (call: CallResult): boolean =>
  call.status === 'answered' || (call.status === 'unanswered' && call.sent);

/** An upstream that answers before the request is complete needs no slot, so that nothing is marked. */
const callIdOf = (wait: SlotWait): string => (wait.status === 'granted' ? wait.call : makeRunToken());

/** A call refused for our clock is repeated within the client; the ledger counts both. */
async function noteRefusal(
  deps: AskDeps,
  record: VerificationRecord,
  call: SupersededCall,
  wait: SlotWait,
): Promise<void> {
  deps.metrics.attempts.inc({ code: labelOfCode(call.code), kind: resolveOutcome(call.code).kind });
  await noteCall(deps.claims, record.id, describeRefusedCall(deps, record, call, callIdOf(wait)));
}

const evidenceOf = {
  final: 'answered',
  fault: 'answered',
  daily_limit: 'answered',
  transient: 'failed',
  unknown: 'failed',
  pace: 'refused',
  account_fault: 'account_fault',
  maintenance: 'maintenance',
} as const satisfies Record<OutcomeKind, LaneEvidence>;

async function judge(
  deps: AskDeps,
  record: VerificationRecord,
  { call, wait, about }: { readonly call: Called; readonly wait: SlotWait; readonly about: string },
): Promise<NextStep> {
  deps.metrics.attempts.inc({ code: labelOfCode(call.code), kind: call.row.kind });
  deps.metrics.attemptSeconds.observe(call.durationMs / 1000);
  if (wait.status === 'granted') {
    await deps.lane.report(evidenceOf[call.row.kind], wait.slot, call.code, about);
  }
  return computeNextStep({
    row: call.row,
    attemptsMade: record.attemptsCounted + 1,
    deferredBefore: record.deferredBefore,
    probe: wait.status === 'granted' && wait.slot.probe,
    settings: deps.retry,
    now: deps.now(),
    random: deps.random,
  });
}
