/**
 * Waits that double from one failure to the next. It stands in the contract because the client, which knows no other
 * folder, waits so too.
 */
export interface Backoff {
  /** The wait after the first failure. */
  readonly baseMs: number;
  /** No wait is longer. */
  readonly capMs: number;
}

/**
 * @param earlierFailures before the one that is waited after
 * @returns the full wait in ms, which {@link spread} then leaves to chance
 */
export function computeBackoffMs({ baseMs, capMs }: Backoff, earlierFailures: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.max(0, earlierFailures));
}

/** Of a full wait, the share that is waited for a random number of 0, and for one of nearly 1. */
export interface Spread {
  readonly from: number;
  readonly to: number;
}

/** All of the wait is left to chance ("full jitter"): those that failed together come back apart. */
export const FULL_JITTER: Spread = { from: 0, to: 1 };

/** At least half of the wait. */
export const HALF_JITTER: Spread = { from: 0.5, to: 1 };

/**
 * A wait of which a part is left to chance.
 *
 * @param random in [0, 1)
 */
export function spread(waitMs: number, { from, to }: Spread, random: number): number {
  return waitMs * (from + (to - from) * random);
}
