import type { ClientAction } from '../contract/outcome-codes.ts';
import type { OutcomeRow, Verdict } from './outcome-row.ts';

/** A row's verdict once the deployment's own similarity threshold has been applied. */
export interface ThresholdVerdict {
  readonly verdict: Verdict;
  readonly action: ClientAction;
  readonly description: string;
}

/**
 * Applies `MATCH_THRESHOLD`: a match under it becomes `no_match`. The code stays the upstream's own.
 *
 * A threshold only makes stricter: it never turns another verdict into a match. A match that came without a
 * similarity cannot be held against a threshold and becomes `unverifiable` rather than passing unseen.
 *
 * @param sim Similarity as answered, 0 to 100, or null when the answer had none
 * @param threshold Same scale; undefined leaves the decision to the upstream
 */
export function applyMatchThreshold(
  row: OutcomeRow,
  sim: number | null,
  threshold: number | undefined,
): ThresholdVerdict {
  const { verdict, action, description } = row;
  if (verdict !== 'match' || threshold === undefined) return { verdict, action, description };
  if (sim === null) {
    return {
      verdict: 'unverifiable',
      action: 'contact_support',
      description: `The answer had no similarity to hold against the threshold of ${threshold}`,
    };
  }
  if (sim >= threshold) return { verdict, action, description };
  return {
    verdict: 'no_match',
    action: 'none',
    description: `The similarity is under the threshold of ${threshold} set for this deployment`,
  };
}
