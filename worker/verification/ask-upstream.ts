import type { LaneEvidence } from '../../shared/lane/lane-call.ts';
import { computeNextStep, type NextStep, type RetrySettings } from '../../shared/outcomes/decide.ts';
import type { OutcomeKind } from '../../shared/outcomes/outcome-row.ts';
import { labelOfCode, resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import { noteRefusedCall } from '../../shared/record/refused-call.ts';
import type { VerificationRecord } from '../../shared/record/verification-record.ts';
import type { Subject } from '../../shared/sealing/subject.ts';
import type { JobResult, JobRun } from '../job/job-result.ts';
import type { PersonLimit } from '../person-limit/person-limit.ts';
import type { PreparedCall } from '../upstream/prepared-call.ts';
import type { CallResult, UpstreamClient } from '../upstream/upstream-client.ts';
import {
  applyStep,
  type Called,
  type ConcludeDeps,
  describeLedgerEntry,
  goBackInLine,
  waitWithPerson,
} from './conclude-attempt.ts';
import { createSlotTaker, type SlotTakerDeps, type SlotWait } from './slot-taker.ts';
import { traceCall } from './trace-call.ts';
import { withholdSubject } from './withhold-subject.ts';

export interface AskDeps extends SlotTakerDeps, ConcludeDeps {
  readonly upstream: UpstreamClient;
  readonly endpoint: URL;
  readonly persons: PersonLimit;
  readonly retry: RetrySettings;
  readonly random: () => number;
}

export type AskUpstream = (record: VerificationRecord, subject: Subject, run: JobRun) => Promise<JobResult>;

/** Calls in vain that one claim sits out (refused for pace, slot too late) before it goes back in line. */
const VAIN_CALLS_SAT_OUT = 10;

/** Asks the upstream about a claimed verification, and writes down what came of it. */
export function createAskUpstream(deps: AskDeps): AskUpstream {
  return async (record, subject, run) => {
    const { idCard, name, photo } = subject;
    const admission = await deps.persons.admit(idCard);
    if (admission.status === 'wait') return waitWithPerson(deps, record, admission.until);
    const extra = record.extra === null ? {} : { extra: record.extra };
    const prepared = await deps.upstream.prepare({ idCard, name, photo, ...extra });
    const asked = await askUntilAnswered(deps, record, prepared, run);
    if (asked.status === 'not_asked') {
      await deps.persons.giveBack(idCard, admission.reservation);
      return goBackInLine(deps, record, asked.wait);
    }
    if (asked.step.step === 'defer') await deps.persons.block(idCard, asked.step.until);
    return applyStep(deps, record, withholdSubject(asked.call, subject), asked.step);
  };
}

type Asked =
  | { readonly status: 'asked'; readonly call: Called; readonly step: Exclude<NextStep, { step: 'requeue' }> }
  | { readonly status: 'not_asked'; readonly wait: SlotWait };

async function askUntilAnswered(
  deps: AskDeps,
  record: VerificationRecord,
  prepared: PreparedCall,
  { signal, priority }: JobRun,
): Promise<Asked> {
  for (let vain = 0; vain < VAIN_CALLS_SAT_OUT; vain += 1) {
    const slot = createSlotTaker(deps, record, priority);
    const { call, wait } = await traceCall(deps, record, async () => ({
      call: await deps.upstream.call(prepared, { takeSlot: slot.take, signal }),
      wait: await slot.ended(),
    }));
    await noteSuperseded(deps, record, call);
    if (call.status === 'not_sent') {
      if (call.reason === 'slot_late' && !signal.aborted) continue;
      return { status: 'not_asked', wait };
    }
    const step = await judge(deps, record, call, wait);
    if (step.step !== 'requeue') return { status: 'asked', call, step };
    await noteRefusedCall(deps.claims, record.id, describeLedgerEntry(deps, record, call.code));
  }
  return { status: 'not_asked', wait: { status: 'lane_closed', until: deps.now() } };
}

/** A call refused for our clock was repeated within the client; the ledger counts both. */
async function noteSuperseded(deps: AskDeps, record: VerificationRecord, call: CallResult): Promise<void> {
  if (call.superseded === null) return;
  const { code } = call.superseded;
  deps.metrics.attempts.inc({ code: labelOfCode(code), kind: resolveOutcome(code).kind });
  await noteRefusedCall(deps.claims, record.id, describeLedgerEntry(deps, record, code));
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
  call: Called,
  wait: SlotWait,
): Promise<NextStep> {
  deps.metrics.attempts.inc({ code: labelOfCode(call.code), kind: call.row.kind });
  deps.metrics.attemptSeconds.observe(call.durationMs / 1000);
  if (wait.status === 'granted') await deps.lane.report(evidenceOf[call.row.kind], wait.slot, call.code);
  return computeNextStep({
    row: call.row,
    attemptsMade: record.attemptsCounted + 1,
    deferredBefore: record.deferredBefore,
    laneSlow: wait.status === 'granted' && wait.slot.probe,
    settings: deps.retry,
    now: deps.now(),
    random: deps.random,
  });
}
