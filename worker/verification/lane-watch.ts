import type { LaneState } from '../../shared/lane/lane-state.ts';

export type Passage =
  | { readonly status: 'open'; leave(): void }
  /** ms epoch */
  | { readonly status: 'closed'; readonly until: number };

/**
 * Looks at the lane before a verification is claimed. While the lane is closed, claiming would read photos out of Redis
 * and begin uploads for nothing; so nobody passes, and when the next probe is due, one at a time.
 */
export interface LaneWatch {
  pass(): Promise<Passage>;
}

export interface LaneWatchDeps {
  readonly readState: () => Promise<LaneState>;
  readonly now: () => number;
}

const FRESH_MS = 250;
/** A lane that opens early is noticed this soon. */
export const LOOK_AGAIN_MS = 2_000;

export function createLaneWatch({ readState, now }: LaneWatchDeps): LaneWatch {
  let known: { readonly state: Promise<LaneState>; readonly at: number } | null = null;
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
    pass: async () => {
      const state = await freshState();
      if (state.status === 'running') return { status: 'open', leave: () => undefined };
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
