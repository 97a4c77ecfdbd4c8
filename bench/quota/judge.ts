import type { Arrival } from './recorder.ts';

/** What the upstream saw of a limiter. */
export interface Judgement {
  readonly arrivals: number;
  readonly seconds: number;
  readonly meanPerSecond: number;
  /** Mean over the limit, in percent. */
  readonly utilization: number;
  /** Most arrivals in any half-open window of 1000 ms. */
  readonly mostInRollingSecond: number;
  /** Arrivals that found the limit's number of others in the 1000 ms before them. */
  readonly over: number;
  /** Arrivals beyond the limit of fixed one-second windows, at the phase at which they are most. */
  readonly refusedByFixedWindows: number;
  /** Arrivals the recorder did refuse, when it was set to refuse. */
  readonly refused: number;
}

const WINDOW_MS = 1000;

/** @param span the time judged, milliseconds since the epoch: arrivals outside are warm-up or shut-down */
export function judge(
  all: readonly Arrival[],
  span: { readonly fromMs: number; readonly untilMs: number },
  limit: number,
): Judgement {
  const arrivals = all
    .filter(({ atMs }) => atMs >= span.fromMs && atMs < span.untilMs)
    .sort((a, b) => a.atMs - b.atMs);
  const times = arrivals.map(({ atMs }) => atMs);
  const before = countBefore(times);
  const seconds = (span.untilMs - span.fromMs) / 1000;
  const meanPerSecond = times.length / seconds;
  return {
    arrivals: times.length,
    seconds,
    meanPerSecond,
    utilization: (100 * meanPerSecond) / limit,
    mostInRollingSecond: mostInRollingSecond(times),
    over: before.filter((count) => count >= limit).length,
    refusedByFixedWindows: worstPhase(times, limit),
    refused: arrivals.filter(({ refused }) => refused).length,
  };
}

/** @param times milliseconds, ascending */
export function mostInRollingSecond(times: readonly number[]): number {
  return countBefore(times).reduce((most, count) => Math.max(most, count + 1), 0);
}

/**
 * For each arrival, how many others came in the 1000 ms before it.
 *
 * @param times milliseconds, ascending
 */
export function countBefore(times: readonly number[]): number[] {
  let first = 0;
  return times.map((time, index) => {
    while ((times[first] ?? time) <= time - WINDOW_MS) first += 1;
    return index - first;
  });
}

/** Windows begin at every phase in steps of a millisecond, and just at each arrival, where the worst ones begin. */
function worstPhase(times: readonly number[], limit: number): number {
  const phases = new Set(Array.from({ length: WINDOW_MS }, (_, phase) => phase));
  for (const time of times.slice(0, 2000)) phases.add(time % WINDOW_MS);
  return Math.max(0, ...[...phases].map((phase) => refusedAt(times, phase, limit)));
}

function refusedAt(times: readonly number[], phase: number, limit: number): number {
  const counts = new Map<number, number>();
  for (const time of times) {
    const window = Math.floor((time - phase) / WINDOW_MS);
    counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  return [...counts.values()].reduce((sum, count) => sum + Math.max(0, count - limit), 0);
}
