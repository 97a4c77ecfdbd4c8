/**
 * For how long the account gave no slots, added up since its limiter began, in ms by why. `rate`: fewer than the quota, as the
 * time in which the missing ones would have been given.
 */
export interface LostTime {
  readonly paused: number;
  readonly held: number;
  readonly slow: number;
  readonly rate: number;
}

/** What counters stood at; a promise is put off by what they have grown since. */
export interface DelayTotals {
  readonly lost: LostTime;
  /** Calls of the client that were made again. */
  readonly repeats: number;
}

export interface PromisedTime {
  /** ms epoch */
  readonly by: number;
  /** When it was given. */
  readonly since: DelayTotals;
  /** What one of the client's calls puts it off by, when it is made again. */
  readonly perTurnMs: number;
  /** The accounts that it rests on, whose lost time puts it off; undefined: the one account of the environment. */
  readonly accounts?: readonly string[] | undefined;
}

export type DelayReason = keyof LostTime | 'repeats';

export interface Extension {
  readonly byMs: number;
  /** Of what adds most. */
  readonly reason: DelayReason;
}

/** What has been added to a promise since it was given, or null. Totals that began again at 0 add nothing. */
export function computeExtension(
  { since, perTurnMs }: Pick<PromisedTime, 'since' | 'perTurnMs'>,
  totals: DelayTotals,
): Extension | null {
  const grown = (before: number, after: number) => Math.max(0, after - before);
  const delays: readonly (readonly [DelayReason, number])[] = [
    ['paused', grown(since.lost.paused, totals.lost.paused)],
    ['held', grown(since.lost.held, totals.lost.held)],
    ['slow', grown(since.lost.slow, totals.lost.slow)],
    ['rate', grown(since.lost.rate, totals.lost.rate)],
    ['repeats', grown(since.repeats, totals.repeats) * perTurnMs],
  ];
  const byMs = Math.ceil(delays.reduce((sum, [, ms]) => sum + ms, 0));
  const [reason] = delays.reduce((most, delay) => (delay[1] > most[1] ? delay : most));
  return byMs > 0 ? { byMs, reason } : null;
}
