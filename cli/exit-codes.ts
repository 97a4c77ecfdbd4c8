import type { Outcome, Verification } from '../shared/contract/verification.ts';

/** What the command line can end with; docs/cli.md explains each. */
export const EXIT = {
  done: 0,
  failed: 1,
  calledWrongly: 2,
  /** A batch went through, but for rows that are wrong. */
  badRows: 3,
  /** Interrupted, or waited as long as was allowed: the same call again goes on. */
  unfinished: 4,
} as const;

/** Of `--wait`; `match` is 0 so that `&&` means what it seems to. */
const VERDICT_EXIT = {
  match: 0,
  no_match: 10,
  unverifiable: 11,
  error: 12,
} as const satisfies Record<Outcome['verdict'], number>;

const CANCELLED_EXIT = 13;

/** The exit code for a verification that was waited for. */
export function exitCodeOf({ outcome, status }: Pick<Verification, 'outcome' | 'status'>): number {
  if (outcome !== null) return VERDICT_EXIT[outcome.verdict];
  return status === 'cancelled' ? CANCELLED_EXIT : EXIT.unfinished;
}
