/** A call that was under way when its worker was killed, and that was made again. */
export interface Hit {
  /** ms from the kill to the next call about the same person. */
  readonly waitMs: number;
}

export interface HitPerson {
  readonly hits: readonly Hit[];
  /** ms from the first kill to the last call, which was answered. */
  readonly wholeMs: number;
}

/**
 * What kills did to the calls about one person. Every call is answered with an outcome, so that each one but the last was cut
 * off by a kill. Where several workers were killed while a call was under way, the first is taken: no wait looks shorter
 * than it was.
 *
 * @param calls arrivals at the upstream, ms epoch, in order
 * @param kills ms epoch, in order
 */
export function computeHits(calls: readonly number[], kills: readonly number[]): HitPerson {
  const cutOffAt = calls.slice(0, -1).map((at) => kills.find((kill) => kill >= at) ?? at);
  const hits = cutOffAt.map((at, nth) => ({ waitMs: (calls[nth + 1] ?? at) - at }));
  const [first] = cutOffAt;
  return { hits, wholeMs: first === undefined ? 0 : (calls.at(-1) ?? first) - first };
}
