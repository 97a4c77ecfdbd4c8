import type { Attempt } from '../../shared/contract/verification.ts';
import { resolveBilling, resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';

/**
 * Whether the upstream may have billed a verification more often than its outcome says: another attempt than the one that
 * brought the outcome was, or may have been, billed; or that one itself ended without a readable answer.
 *
 * @param code the outcome's
 */
export function isPossiblyBilledAgain(
  attempts: readonly Attempt[],
  code: string,
  billedCodes: ReadonlySet<string>,
): boolean {
  const maybeBilled = attempts.filter(
    (attempt) => resolveBilling(resolveOutcome(attempt.code), billedCodes) !== 'unbilled',
  );
  if (!maybeBilled.some((attempt) => attempt.code === code)) return maybeBilled.length > 0;
  return maybeBilled.length > 1 || resolveOutcome(code).kind === 'unknown';
}
