/** A call that was under way when its worker was killed, and that was made again. */
export interface Hit {
  /** ms from the kill to the next call about the same person. */
  readonly waitMs: number;
  /** Of these, ms in which at least one worker was ready. Without one, only the start of the next can help. */
  readonly servedMs: number;
}

/** ms epoch. A worker was ready, and was killed at the end; `Infinity` if it was not. */
export interface Life {
  readonly from: number;
  readonly until: number;
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
 * @param lives of all workers
 */
export function computeHits(calls: readonly number[], lives: readonly Life[]): HitPerson {
  const kills = lives.map(({ until }) => until).sort((a, b) => a - b);
  const cutOffAt = calls.slice(0, -1).map((at) => kills.find((kill) => kill >= at && kill < Infinity) ?? at);
  const hits = cutOffAt.map((from, nth) => {
    const until = calls[nth + 1] ?? from;
    return { waitMs: until - from, servedMs: until - from - countUnserved({ from, until }, lives) };
  });
  const [first] = cutOffAt;
  return { hits, wholeMs: first === undefined ? 0 : (calls.at(-1) ?? first) - first };
}

/** ms of the span in which no worker lived. */
function countUnserved(span: Life, lives: readonly Life[]): number {
  let unserved = 0;
  let reached = span.from;
  for (const life of [...lives].sort((a, b) => a.from - b.from)) {
    if (life.until <= reached) continue;
    if (life.from >= span.until) break;
    unserved += Math.max(0, life.from - reached);
    reached = Math.max(reached, life.until);
  }
  return unserved + Math.max(0, span.until - reached);
}
