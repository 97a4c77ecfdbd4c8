import type { Logger } from 'pino';
import type { Attempt, Outcome } from '../../shared/contract/verification.ts';
import { isWaiting } from '../../shared/contract/verification-status.ts';
import { applyMatchThreshold } from '../../shared/outcomes/match-threshold.ts';
import type { OutcomeRow } from '../../shared/outcomes/outcome-row.ts';
import { labelOfCode, resolveBilling } from '../../shared/outcomes/resolve-outcome.ts';
import { ledgerDay } from '../../shared/store/usage/ledger.ts';
import { CRASH_CODE } from '../../shared/store/verifications/claim.ts';
import { type Finishing, finishVerification } from '../../shared/store/verifications/finish.ts';
import { noteLivemode } from '../../shared/store/verifications/note-livemode.ts';
import type { NotedCall } from '../../shared/store/verifications/noted-call.ts';
import type { OwnedClaim } from '../../shared/store/verifications/owned-claim.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { VerificationStore } from '../../shared/store/verifications/verification-store.ts';
import type { Tracing } from '../../shared/tracing/tracing.ts';
import { buildVerificationEvent } from '../delivery/verification-event.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { isPossiblyBilledAgain } from './possibly-billed-again.ts';

export interface FinalAnswer {
  readonly row: OutcomeRow;
  /** What the upstream said, null where it said nothing. */
  readonly description?: string | null;
  readonly sim?: number | null;
  readonly requestId?: string | null;
  /** The call that brought it; null when none did. */
  readonly call: NotedCall | null;
  /**
   * The claim without which this is no outcome: a decision of ours, made of what was known when it was claimed. An answer
   * about the person needs none. It was paid for, and counts although another run has the verification by now.
   */
  readonly needs?: OwnedClaim;
  /** It is no outcome of a verification that a worker has in hand. */
  readonly onlyWhileWaiting?: boolean;
}

export type FinishVerification = (record: VerificationRecord, answer: FinalAnswer) => Promise<void>;

export interface FinishDeps extends VerificationStore {
  readonly matchThreshold: number | undefined;
  /** Whether this worker asks the real upstream. */
  readonly livemode: boolean;
  readonly billedCodes: ReadonlySet<string>;
  readonly metrics: WorkerMetrics;
  readonly tracing: Tracing;
  readonly log: Logger;
  readonly now: () => number;
}

/** A try that finds the record changed comes after another run's write, and there are few of those. */
const TRIES = 20;

/** Writes a final answer down as the verification's outcome, subject shredded in the same step. */
export function createFinish(deps: FinishDeps): FinishVerification {
  return async (record, answer) => {
    const completedAt = new Date(deps.now()).toISOString();
    let seen = await noteLivemode(deps.redis, deps.keys, record, deps.livemode);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const finishing = computeFinishing(seen, answer, completedAt, deps);
      const written = await finishVerification(deps, finishing);
      if (written.status !== 'stale') {
        if (record.answerBy !== null) await deps.redis.zrem(deps.keys.deadlines(), record.id);
        report(deps, record, answer, { status: written.status, outcome: finishing.outcome });
        return;
      }
      seen = written.record;
    }
    throw new Error(`The record of ${record.id} is being changed by others`);
  };
}

type Classifying = Pick<FinishDeps, 'matchThreshold' | 'billedCodes'>;

/** What follows from the answer for the record as it was seen. The time is made once: trying again must bring the same. */
export function computeFinishing(
  seen: VerificationRecord,
  answer: FinalAnswer,
  completedAt: string,
  deps: Classifying,
): Finishing {
  const attempts = listAttempts(seen, answer.call);
  const outcome = computeOutcome(seen, answer, { attempts, completedAt, ...deps });
  const status = (outcome ?? seen.outcome)?.verdict === 'error' ? 'failed' : 'completed';
  const event =
    outcome && buildVerificationEvent({ ...seen, status, outcome, attempts, nextAttemptAt: null });
  return {
    id: seen.id,
    clientId: seen.clientId,
    seen,
    status,
    outcome,
    call: answer.call,
    day: ledgerDay(Date.parse(completedAt)),
    ...(event === null ? {} : { event }),
  };
}

/** The attempts as this finish leaves them: the same that `finish.lua` makes of them. */
function listAttempts(seen: VerificationRecord, call: NotedCall | null): readonly Attempt[] {
  const { mark } = seen;
  const isOther = mark !== null && (mark.call === null || mark.call !== call?.id);
  const lost: Attempt[] =
    isOther && seen.outcome === null
      ? [{ at: mark.at, durationMs: null, code: CRASH_CODE, requestId: null }]
      : [];
  const known = [...seen.attempts, ...lost];
  if (call === null) return known;
  const place = seen.calls.get(call.id);
  if (place === undefined) return call.isListed ? [...known, call.attempt] : known;
  return place.isGuess ? known.with(place.index, call.attempt) : known;
}

/** The outcome, one that stands set right, or null where there is nothing to write. */
function computeOutcome(
  seen: VerificationRecord,
  answer: FinalAnswer,
  facts: Classifying & { readonly attempts: readonly Attempt[]; readonly completedAt: string },
): Outcome | null {
  if (seen.status === 'cancelled') return null;
  if (seen.outcome !== null) {
    if (seen.isPublished || answer.call === null) return null;
    return {
      ...seen.outcome,
      possiblyBilledAgain: isPossiblyBilledAgain(facts.attempts, seen.outcome.code, facts.billedCodes),
    };
  }
  if (answer.needs && !isSame(answer.needs, seen.claim)) return null;
  if (answer.onlyWhileWaiting && !isWaiting(seen)) return null;
  const { row } = answer;
  const sim = answer.sim ?? null;
  const threshold = applyMatchThreshold(row, sim, facts.matchThreshold);
  return {
    verdict: threshold.verdict,
    code: row.code,
    description: answer.description ?? threshold.description,
    sim,
    requestId: answer.requestId ?? null,
    action: threshold.action,
    billed: answer.call !== null && resolveBilling(row, facts.billedCodes) === 'billed',
    possiblyBilledAgain: isPossiblyBilledAgain(facts.attempts, row.code, facts.billedCodes),
    completedAt: facts.completedAt,
  };
}

const isSame = (a: OwnedClaim, b: OwnedClaim | null): boolean =>
  b !== null && a.workerId === b.workerId && a.token === b.token;

function report(
  deps: FinishDeps,
  record: VerificationRecord,
  { row: { code, kind } }: FinalAnswer,
  written: { readonly status: string; readonly outcome: Outcome | null },
): void {
  const { outcome } = written;
  if (written.status !== 'finished' || outcome === null) {
    deps.log.warn(
      { event: 'outcome_not_written', verification: record.id, code, why: written.status },
      'another attempt had written the outcome already',
    );
    return;
  }
  const about = { verification: record.id, code, verdict: outcome.verdict };
  deps.tracing.note({ 'veriqueue.code': code, 'veriqueue.verdict': outcome.verdict });
  deps.metrics.finished.inc({
    code: labelOfCode(code),
    verdict: outcome.verdict,
    billed: String(outcome.billed),
  });
  // Two machines' clocks: a little less than nothing is nothing.
  const sinceSubmissionMs = Math.max(0, deps.now() - record.submittedAt);
  deps.metrics.verdictSeconds.observe({ priority: record.priority }, sinceSubmissionMs / 1000);
  deps.log[kind === 'fault' ? 'error' : 'info'](
    { event: 'verification_settled', ...about },
    'verification finished',
  );
}
