/** A connection that is answered READONLY looks for the new primary no more often than this. */
const SEARCH_INTERVAL_MS = 500;

/**
 * A managed failover leaves a client connected to the old primary, now a replica: only a new connection finds the new
 * one. A worker has dozens of writes under way, and each is answered READONLY; a reconnection for each of them would be
 * a flood of connections and of log lines.
 */
export interface PrimarySearch extends Replacement {
  /** Whether this reply is a reason to connect again now; ioredis' `reconnectOnError`. */
  readonly begins: (error: Error) => boolean;
}

/** A connection that we replace is no outage, so there is nothing to report. */
export interface Replacement {
  readonly isUnderWay: () => boolean;
  readonly ended: () => void;
}

/** @param now ms on a clock that is never set back */
export function createPrimarySearch(now: () => number): PrimarySearch {
  let begunAt = Number.NEGATIVE_INFINITY;
  let isUnderWay = false;
  return {
    // Not only at the start of the message: Redis 6 wraps the error of a script.
    begins: (error) => {
      if (!/\bREADONLY\b/.test(error.message) || now() - begunAt < SEARCH_INTERVAL_MS) return false;
      begunAt = now();
      isUnderWay = true;
      return true;
    },
    isUnderWay: () => isUnderWay,
    ended: () => {
      isUnderWay = false;
    },
  };
}
