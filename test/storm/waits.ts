import type { UpstreamCall } from './logs.ts';
import type { JobFacts } from './storm-facts.ts';

/** How long a storm kept work waiting, in ms; null when nothing waited. */
export interface Waits {
  /** From a 202 to the acknowledgement of the event. */
  readonly longestMs: number | null;
  /** Without any call at the upstream, though an accepted job was not answered yet. */
  readonly standstillMs: number | null;
}

/** @param calls by arrival */
export function computeWaits(jobs: readonly JobFacts[], calls: readonly UpstreamCall[]): Waits {
  const spans = jobs.flatMap(({ acceptedAt, acknowledgedAt }) =>
    acceptedAt === null || acknowledgedAt === null ? [] : [{ from: acceptedAt, until: acknowledgedAt }],
  );
  const gaps = calls.flatMap(({ at }, index) => {
    const next = calls[index + 1];
    return next === undefined ? [] : [{ from: at, until: next.at }];
  });
  const unanswered = jobs.flatMap(({ acceptedAt, calls: own }) => {
    const answeredAt = own.at(-1)?.at;
    return acceptedAt === null || answeredAt === undefined ? [] : [{ from: acceptedAt, until: answeredAt }];
  });
  const still = gaps.flatMap((gap) => unanswered.map((span) => overlap(gap, span)));
  return { longestMs: largest(spans.map(({ from, until }) => until - from)), standstillMs: largest(still) };
}

interface Span {
  readonly from: number;
  readonly until: number;
}

const overlap = (a: Span, b: Span): number => Math.min(a.until, b.until) - Math.max(a.from, b.from);

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value), 0);
}
