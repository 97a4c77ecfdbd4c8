import { nextChinaDay } from '../china-time.ts';
import { type Backoff, computeBackoffMs, FULL_JITTER, spread } from '../contract/backoff.ts';
import { MINUTE_MS } from '../time-units.ts';
import type { ClientAction, OutcomeRow, Verdict } from './outcome-row.ts';

export interface RetrySettings {
  /** Attempts allowed beyond the first. */
  readonly retriesAllowed: number;
  readonly backoff: Backoff;
  /** What to do about a request that was sent and never got a readable answer. */
  readonly unknownPolicy: 'ask_again' | 'fail';
  /** How long a probe's verification stands aside after its first failure, of a slow and of a held lane. */
  readonly slowAsideMs: number;
  readonly holdAsideMs: number;
  /** Waits for the next minute and the next day are spread over this long. */
  readonly minuteJitterMs: number;
  readonly dayJitterMs: number;
}

export const DEFAULT_RETRY_SETTINGS = {
  retriesAllowed: 5,
  backoff: { baseMs: 1000, capMs: 60_000 },
  unknownPolicy: 'ask_again',
  slowAsideMs: 30_000,
  holdAsideMs: 60_000,
  minuteJitterMs: 5000,
  dayJitterMs: 600_000,
} as const satisfies RetrySettings;

export interface AttemptFacts {
  readonly row: OutcomeRow;
  /** Counted attempts, including this one as if it counts. */
  readonly attemptsMade: number;
  /** The last wait for the daily limit, as the `wait` of the step that ordered it. */
  readonly deferredBefore: DailyWait | 'none';
  /** The call was a probe: the lane is slow or held, and sends nothing else. */
  readonly probe: boolean;
  readonly settings: RetrySettings;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export type DailyWait = 'minute' | 'day';

/**
 * What happens to the verification after an attempt. Times are milliseconds since the epoch.
 *
 * `counts` says whether the attempt is one of those that are limited. A step that does not count leaves the number of
 * attempts as it was before the call.
 */
export type NextStep =
  | {
      readonly step: 'settle';
      readonly status: 'completed' | 'failed';
      readonly verdict: Verdict;
      readonly code: string;
      readonly action: ClientAction;
      readonly counts: true;
      readonly possiblyBilledAgain: boolean;
    }
  | {
      readonly step: 'retry';
      readonly at: number;
      /** Behind everything that waits, instead of ahead of new work. */
      readonly behind: boolean;
      readonly counts: true;
      /** True when this attempt may have been charged for without our seeing the answer. */
      readonly possiblyBilledAgain: boolean;
    }
  | { readonly step: 'defer'; readonly until: number; readonly wait: DailyWait; readonly counts: true }
  | { readonly step: 'requeue'; readonly reason: 'pace'; readonly counts: false }
  /** The verification stands aside, behind everything that waits, so that the next probe is another one. */
  | { readonly step: 'hold' | 'slow'; readonly reason: string; readonly at: number; readonly counts: false };

type Decide = (facts: AttemptFacts) => NextStep;

const DECISIONS: Record<OutcomeRow['kind'], Decide> = {
  final: settle,
  fault: settle,
  transient: (facts) => (facts.probe && facts.row.upstreamWide ? slow(facts) : retryOrSettle(facts)),
  maintenance: slow,
  daily_limit: deferOrSettle,
  account_fault: ({ row, settings, now }) => ({
    step: 'hold',
    reason: row.code,
    at: now + settings.holdAsideMs,
    counts: false,
  }),
  pace: () => ({ step: 'requeue', reason: 'pace', counts: false }),
  unknown: (facts) => (facts.settings.unknownPolicy === 'fail' ? settle(facts) : retryOrSettle(facts)),
};

/**
 * Decides what an attempt's outcome means for its verification.
 *
 * Calls that count never exceed 1 + `retriesAllowed`. Waiting for the daily limit counts, because the upstream was
 * called; being refused for pace, held or slowed does not, because that is never the verification's doing. A probe that the
 * upstream answered with a failure of this one verification counts as any other call does: a few that always fail would
 * otherwise be probes for as long as the lane is slow, and keep it so.
 */
export function computeNextStep(facts: AttemptFacts): NextStep {
  return DECISIONS[facts.row.kind](facts);
}

function settle({ row }: AttemptFacts): NextStep {
  return {
    step: 'settle',
    status: row.verdict === 'error' ? 'failed' : 'completed',
    verdict: row.verdict,
    code: row.code,
    action: row.action,
    counts: true,
    possiblyBilledAgain: row.kind === 'unknown',
  };
}

function slow({ row, settings, now }: AttemptFacts): NextStep {
  return { step: 'slow', reason: row.code, at: now + settings.slowAsideMs, counts: false };
}

/** Twice as long after each failure, up to this many times the first. */
const ASIDE_CAP = 20;

/** A failed probe stands aside for longer than other failures wait: probes are few, and others want theirs. */
function computeAsideMs({ settings, attemptsMade }: AttemptFacts): number {
  const { slowAsideMs: baseMs } = settings;
  return computeBackoffMs({ baseMs, capMs: baseMs * ASIDE_CAP }, attemptsMade - 1);
}

function retryOrSettle(facts: AttemptFacts): NextStep {
  const { row, settings, attemptsMade, probe, now, random } = facts;
  if (attemptsMade > settings.retriesAllowed) return settle(facts);
  const fullMs = computeBackoffMs(settings.backoff, attemptsMade - 1);
  const backoffMs = Math.floor(spread(fullMs, FULL_JITTER, random()));
  return {
    step: 'retry',
    at: now + (probe ? Math.max(backoffMs, computeAsideMs(facts)) : backoffMs),
    behind: probe,
    counts: true,
    possiblyBilledAgain: row.kind === 'unknown',
  };
}

/**
 * One code stands for two limits, 15 a minute and 30 a day. The shorter wait is tried first, and again after each
 * day, because the refusal of a new day is as ambiguous as the first.
 */
function deferOrSettle(facts: AttemptFacts): NextStep {
  const { settings, attemptsMade, deferredBefore, now, random } = facts;
  if (attemptsMade > settings.retriesAllowed) return settle(facts);
  if (deferredBefore !== 'minute') {
    const until = now + MINUTE_MS + Math.floor(random() * settings.minuteJitterMs);
    return { step: 'defer', until, wait: 'minute', counts: true };
  }
  const until = nextChinaDay(now) + Math.floor(random() * settings.dayJitterMs);
  return { step: 'defer', until, wait: 'day', counts: true };
}
