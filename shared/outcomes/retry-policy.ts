import { nextChinaDay } from '../china-time.ts';
import { type Backoff, computeBackoffMs, FULL_JITTER, spread } from '../contract/backoff.ts';
import { MINUTE_MS } from '../time-units.ts';
import type { OutcomeRow } from './outcome-row.ts';

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
  /** The last wait for the daily limit, as the step that ordered it has it. */
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

/** What happens to the verification after an attempt. It is carried out as it stands: nothing in it is decided again. */
export type NextStep =
  /** The outcome's row is the last word: its verdict, once the deployment's threshold is applied, is the outcome. */
  | { readonly step: 'finish' }
  /** Refused as too fast: asked again at the next slot, in the same claim. Nothing is counted. */
  | { readonly step: 'again' }
  | Postponement;

interface Postponement {
  readonly step: 'postpone';
  /** `hold` and `slow`: it stands aside, so that the next probe is another one. */
  readonly why: 'retry' | 'defer' | 'hold' | 'slow';
  /** What the record, and its client, sees it as. */
  readonly status: 'retrying' | 'deferred' | 'queued';
  /** Not before; milliseconds since the epoch. */
  readonly at: number;
  /** Whether the attempt is one of those that are limited. */
  readonly counted: boolean;
  /** For `AttemptFacts.deferredBefore` of the next attempt. */
  readonly deferredBefore: DailyWait | 'none';
}

type Decide = (facts: AttemptFacts) => NextStep;

const DECISIONS: Record<OutcomeRow['kind'], Decide> = {
  final: finish,
  fault: finish,
  transient: (facts) =>
    facts.probe && facts.row.upstreamWide
      ? standAside(facts, 'slow', facts.settings.slowAsideMs)
      : retryOrFinish(facts),
  maintenance: (facts) => standAside(facts, 'slow', facts.settings.slowAsideMs),
  daily_limit: deferOrFinish,
  account_fault: (facts) => standAside(facts, 'hold', facts.settings.holdAsideMs),
  pace: () => ({ step: 'again' }),
  unknown: (facts) => (facts.settings.unknownPolicy === 'fail' ? finish() : retryOrFinish(facts)),
};

/**
 * Decides what an attempt's outcome means for its verification.
 *
 * Calls that count never exceed 1 + `retriesAllowed`. Waiting for the daily limit counts, because the upstream was
 * called; being refused as too fast, held or slowed does not, because that is never the verification's doing. A probe that the
 * upstream answered with a failure of this one verification counts as any other call does: a few that always fail would
 * otherwise be probes for as long as the upstream is slow, and keep it so.
 */
export function computeNextStep(facts: AttemptFacts): NextStep {
  return DECISIONS[facts.row.kind](facts);
}

function finish(): NextStep {
  return { step: 'finish' };
}

function standAside({ deferredBefore, now }: AttemptFacts, why: 'hold' | 'slow', forMs: number): NextStep {
  const at = now + forMs;
  return { step: 'postpone', why, status: 'queued', at, counted: false, deferredBefore };
}

/** Twice as long after each failure, up to this many times the first. */
const ASIDE_CAP = 20;

/** A failed probe stands aside for longer than other failures wait: probes are few, and others want theirs. */
function computeAsideMs({ settings, attemptsMade }: AttemptFacts): number {
  const { slowAsideMs: baseMs } = settings;
  return computeBackoffMs({ baseMs, capMs: baseMs * ASIDE_CAP }, attemptsMade - 1);
}

function retryOrFinish(facts: AttemptFacts): NextStep {
  const { settings, attemptsMade, deferredBefore, probe, now, random } = facts;
  if (attemptsMade > settings.retriesAllowed) return finish();
  const fullMs = computeBackoffMs(settings.backoff, attemptsMade - 1);
  const backoffMs = Math.floor(spread(fullMs, FULL_JITTER, random()));
  const at = now + (probe ? Math.max(backoffMs, computeAsideMs(facts)) : backoffMs);
  return {
    step: 'postpone',
    why: 'retry',
    status: 'retrying',
    at,
    counted: true,
    deferredBefore,
  };
}

/**
 * One code stands for two limits, 15 a minute and 30 a day. The shorter wait is tried first, and again after each
 * day, because the refusal of a new day is as ambiguous as the first.
 */
function deferOrFinish(facts: AttemptFacts): NextStep {
  const { settings, attemptsMade, deferredBefore, now, random } = facts;
  if (attemptsMade > settings.retriesAllowed) return finish();
  const wait = deferredBefore === 'minute' ? 'day' : 'minute';
  const at =
    wait === 'minute'
      ? now + MINUTE_MS + Math.floor(random() * settings.minuteJitterMs)
      : nextChinaDay(now) + Math.floor(random() * settings.dayJitterMs);
  return {
    step: 'postpone',
    why: 'defer',
    status: 'deferred',
    at,
    counted: true,
    deferredBefore: wait,
  };
}
