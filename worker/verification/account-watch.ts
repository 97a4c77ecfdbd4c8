import type { LimiterState } from '../../shared/account/limiter/limiter-state.ts';

export type Passage =
  | { readonly status: 'open'; leave(): void }
  /** ms epoch */
  | { readonly status: 'closed'; readonly until: number }
  /** It has failed before, and others that have not wait: the next probe is to be one of those. */
  | { readonly status: 'aside' };

/**
 * Looks at the lane before a verification is claimed. While the lane is closed, claiming would read photos out of Redis
 * and begin uploads for nothing; so no verification passes, and when the next probe is due, one at a time.
 *
 * A probe is to find out about the upstream. One that failed before may fail for its own sake, and would keep the lane
 * closed; so as long as others wait, what comes back from a failure stands behind them.
 */
export interface AccountWatch {
  /** @param tried whether it comes back from a failed call, and stands ahead of new work for that */
  pass(verification: { readonly tried: boolean }): Promise<Passage>;
}

export interface AccountWatchDeps {
  readonly readState: () => Promise<LimiterState>;
  /** Whether verifications wait that have not been asked about yet. */
  readonly hasUntried: () => Promise<boolean>;
  readonly now: () => number;
}

const FRESH_MS = 250;
/** A lane that opens early is noticed this soon. */
export const LOOK_AGAIN_MS = 2_000;

export function createAccountWatch({ readState, hasUntried, now }: AccountWatchDeps): AccountWatch {
  let known: { readonly state: Promise<LimiterState>; readonly at: number } | null = null;
  let probing = false;
  const freshState = () => {
    if (known === null || now() - known.at > FRESH_MS) {
      const state = readState();
      known = { state, at: now() };
      // Not remembered: the next one asks again.
      state.catch(() => {
        known = null;
      });
    }
    return known.state;
  };
  return {
    pass: async ({ tried }) => {
      const state = await freshState();
      if (state.status === 'running') return { status: 'open', leave: () => undefined };
      if (tried && state.status !== 'paused' && (await hasUntried())) return { status: 'aside' };
      const due = state.resumesAt ?? Number.POSITIVE_INFINITY;
      if (probing || now() < due) {
        return { status: 'closed', until: Math.min(Math.max(due, now() + FRESH_MS), now() + LOOK_AGAIN_MS) };
      }
      probing = true;
      return {
        status: 'open',
        leave: () => {
          probing = false;
          // What the probe found out is known to the lane now.
          known = null;
        },
      };
    },
  };
}
