/**
 * How fast a batch submits: as fast as the server takes it. Three brakes, each moved by one kind of answer.
 * - `resumeAt`: nothing leaves before. Set by every Retry-After.
 * - `perSecond`: departures per second. Measured: the server tells with every answer how many more it would let through
 *   (RateLimit, draft-ietf-httpapi-ratelimit-headers), and what was used and is there again is what it gives out. So the rate
 *   is used and never refused. Rejected: to learn from refusals alone. Each costs a pause of a second, and what a bucket
 *   holds back from a rate can only be told apart over many of them.
 * - `window`: submissions under way at once. Halved by what looks like an overloaded or absent server, one more for each
 *   window full of answers.
 */
export interface Pace {
  readonly window: number;
  readonly maxWindow: number;
  /** Null: not limited, or not known yet. */
  readonly perSecond: number | null;
  /** The reading that the next ones are compared with; null before the first, and after a pause. */
  readonly meter: Meter | null;
  /** What the server gives out per second; null before there are two readings far enough apart. */
  readonly givenPerSecond: number | null;
  /** As in the latest reading. */
  readonly remaining: number;
  readonly quota: number;
  /** ms epoch, like all instants here */
  readonly resumeAt: number;
  /** When the next may leave by `perSecond`. */
  readonly nextAt: number;
  /** Failures in a row. */
  readonly troubles: number;
  /** When the row of failures began. */
  readonly troubledSince: number;
}

interface Meter {
  readonly at: number;
  readonly remaining: number;
  /** Readings since then: one per submission that was let through. */
  readonly used: number;
}

/** What the server says of this client's rate, beside an acceptance. */
export interface RateReading {
  /** Submissions it would let through right now. */
  readonly remaining: number;
  /** The most there ever are. */
  readonly quota: number;
}

export type PaceEvent =
  | { readonly kind: 'taken' }
  | ({ readonly kind: 'metered' } & RateReading)
  /** 429: faster than this client may. */
  | { readonly kind: 'too_fast'; readonly retryAfterMs: number }
  /** The backlog is full. */
  | { readonly kind: 'full'; readonly retryAfterMs: number }
  /** No answer, or one that says that something is wrong. */
  | { readonly kind: 'trouble'; readonly retryAfterMs: number };

const FIRST_WINDOW = 4;
/** Between two readings that are compared; the first time sooner, before what is there is used up. */
const METER_MS = 500;
const FIRST_METER_MS = 50;
/** Of the measured rate, with nothing remaining and with everything: half of it is kept for what was not foreseen. */
const LEAST_SHARE = 0.8;
const MOST_SHARE = 1.1;
/** Departures that are late are made up for, but not more than this, nor than a quarter of what remains. */
const CATCH_UP_MS = 100;
/** After a refusal that no reading foresaw: other programs submit for the same client. */
const AFTER_REFUSAL = 0.8;
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;

export function createPace(maxWindow: number): Pace {
  return {
    window: Math.min(FIRST_WINDOW, maxWindow),
    maxWindow,
    perSecond: null,
    resumeAt: 0,
    nextAt: 0,
    meter: null,
    givenPerSecond: null,
    remaining: 0,
    quota: 1,
    troubles: 0,
    troubledSince: 0,
  };
}

/** When the next submission may leave. */
export function computeDeparture({ resumeAt, nextAt }: Pace): number {
  return Math.max(resumeAt, nextAt);
}

export function reduceDeparture(pace: Pace, now: number): Pace {
  const { perSecond, remaining, nextAt } = pace;
  if (perSecond === null) return pace;
  const catchUpMs = Math.min(CATCH_UP_MS, (remaining / 4 / perSecond) * 1000);
  return { ...pace, nextAt: Math.max(nextAt, now - catchUpMs) + 1000 / perSecond };
}

/** @param random in [0, 1) */
export function reducePace(pace: Pace, event: PaceEvent, now: number, random: number): Pace {
  switch (event.kind) {
    case 'taken':
      return { ...pace, troubles: 0, window: Math.min(pace.maxWindow, pace.window + 1 / pace.window) };
    case 'metered':
      return reduceMetered(pace, event, now);
    case 'too_fast':
      return reduceTooFast(pace, event.retryAfterMs, now);
    case 'full':
      return { ...pace, troubles: 0, resumeAt: Math.max(pace.resumeAt, now + event.retryAfterMs) };
    case 'trouble':
      return reduceTrouble(pace, event.retryAfterMs, now, random);
    default:
      return event satisfies never;
  }
}

function reduceMetered(pace: Pace, { remaining, quota }: RateReading, now: number): Pace {
  // Answers of before the pause.
  if (now < pace.resumeAt) return pace;
  const read = { ...pace, remaining, quota };
  const start = { at: now, remaining, used: 0 };
  if (pace.meter === null) return { ...read, meter: start };
  const meter = { ...pace.meter, used: pace.meter.used + 1 };
  const elapsedMs = now - meter.at;
  const share = LEAST_SHARE + (MOST_SHARE - LEAST_SHARE) * Math.min(1, remaining / quota);
  if (elapsedMs < (pace.givenPerSecond === null ? FIRST_METER_MS : METER_MS)) {
    const perSecond = pace.givenPerSecond === null ? pace.perSecond : pace.givenPerSecond * share;
    return { ...read, meter, perSecond };
  }
  const measured = Math.max(1, meter.used + remaining - meter.remaining) / (elapsedMs / 1000);
  // With everything there, more is given out than is used: nobody knows how much.
  const given = remaining >= quota - 1 ? measured * 2 : measured;
  const givenPerSecond = ((pace.givenPerSecond ?? given) + given) / 2;
  return { ...read, givenPerSecond, perSecond: givenPerSecond * share, meter: start };
}

/** What was under way together is refused together: only the first of them says anything new. */
function reduceTooFast(pace: Pace, retryAfterMs: number, now: number): Pace {
  const resumeAt = Math.max(pace.resumeAt, now + retryAfterMs);
  if (now < pace.resumeAt) return { ...pace, resumeAt, troubles: 0 };
  // Before anything is measured: what there may be at once, over a second.
  const perSecond = pace.perSecond === null ? pace.quota : pace.perSecond * AFTER_REFUSAL;
  return { ...pace, troubles: 0, resumeAt, perSecond, meter: null, nextAt: resumeAt };
}

function reduceTrouble(pace: Pace, retryAfterMs: number, now: number, random: number): Pace {
  const isFirst = pace.troubles === 0;
  // A server that goes down fails everything under way at once: one event, one step.
  if (!isFirst && now < pace.resumeAt) return pace;
  const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** pace.troubles);
  return {
    ...pace,
    window: Math.max(1, pace.window / 2),
    resumeAt: Math.max(pace.resumeAt, now + Math.max(retryAfterMs, backoffMs * (0.5 + random / 2))),
    troubles: pace.troubles + 1,
    troubledSince: isFirst ? now : pace.troubledSince,
  };
}
