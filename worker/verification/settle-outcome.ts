import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Attempt, Outcome } from '../../shared/contract/verification.ts';
import type { LaneKeys } from '../../shared/keys.ts';
import { applyMatchThreshold } from '../../shared/outcomes/match-threshold.ts';
import { labelOfCode, resolveBilling, resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import type { LedgerEntry } from '../../shared/record/ledger.ts';
import { settleVerification } from '../../shared/record/settle.ts';
import type { VerificationRecord } from '../../shared/record/verification-record.ts';
import type { Tracing } from '../../shared/tracing/tracing.ts';
import { prepareVerificationEvent } from '../delivery/verification-event.ts';
import type { WorkerMetrics } from '../metrics.ts';

export interface FinalAnswer {
  readonly code: string;
  /** What the upstream said, null where it said nothing. */
  readonly description?: string | null;
  readonly sim?: number | null;
  readonly requestId?: string | null;
  /** The attempt that brought it; null when none did. */
  readonly attempt: Attempt | null;
  readonly ledger?: LedgerEntry | null;
  /** This very attempt has no readable answer. */
  readonly fateUnknown?: boolean;
}

export type Settle = (record: VerificationRecord, answer: FinalAnswer) => Promise<void>;

export interface SettleDeps {
  readonly redis: Redis;
  readonly keys: LaneKeys;
  readonly matchThreshold: number | undefined;
  readonly billedCodes: ReadonlySet<string>;
  readonly metrics: WorkerMetrics;
  readonly tracing: Tracing;
  readonly log: Logger;
  readonly now: () => number;
}

/** Writes a final answer down as the verification's outcome, subject shredded in the same step. */
export function createSettle(deps: SettleDeps): Settle {
  return async (record, answer) => {
    const outcome = computeOutcome(record, answer, deps);
    const status = outcome.verdict === 'error' ? 'failed' : 'completed';
    const written = await settleVerification(deps.redis, deps.keys, {
      id: record.id,
      status,
      outcome,
      attempt: answer.attempt,
      ledger: answer.ledger ?? null,
      event: prepareVerificationEvent(record, { status, outcome, attempt: answer.attempt }),
    });
    const about = { verification: record.id, code: outcome.code, verdict: outcome.verdict };
    if (written !== 'settled') {
      deps.log.warn({ event: 'outcome_not_written', ...about, why: written }, 'an outcome came second');
      return;
    }
    deps.tracing.note({ 'veriqueue.code': outcome.code, 'veriqueue.verdict': outcome.verdict });
    deps.metrics.settled.inc({
      code: labelOfCode(outcome.code),
      verdict: outcome.verdict,
      billed: String(outcome.billed),
    });
    // Two machines' clocks: a little less than nothing is nothing.
    const sinceSubmissionMs = Math.max(0, deps.now() - record.submittedAt);
    deps.metrics.verdictSeconds.observe({ priority: record.priority }, sinceSubmissionMs / 1000);
    const fault = resolveOutcome(outcome.code).kind === 'fault';
    deps.log[fault ? 'error' : 'info']({ event: 'verification_settled', ...about }, 'verification settled');
  };
}

function computeOutcome(
  record: VerificationRecord,
  answer: FinalAnswer,
  { matchThreshold, billedCodes, now }: SettleDeps,
): Outcome {
  const row = resolveOutcome(answer.code);
  const sim = answer.sim ?? null;
  const judged = applyMatchThreshold(row, sim, matchThreshold);
  return {
    verdict: judged.verdict,
    code: answer.code,
    description: answer.description ?? judged.description,
    sim,
    requestId: answer.requestId ?? null,
    action: judged.action,
    billed: answer.attempt !== null && resolveBilling(row, billedCodes) === 'billed',
    possiblyBilledAgain: record.fateUnknown || answer.fateUnknown === true,
    completedAt: new Date(now()).toISOString(),
  };
}
