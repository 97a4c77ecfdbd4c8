import { type Fault, UNREADABLE_FAULTS } from '../../sandbox/planned-result.ts';
import type { Verdict } from '../../shared/outcomes/outcome-row.ts';
import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';

/** How a verification has to end. */
export interface Expectation {
  readonly verdict: Verdict;
  readonly code: string;
  /** Upstream calls it takes when nothing else goes wrong. */
  readonly attempts: number;
}

interface Planned {
  readonly code: string;
  readonly fault?: Fault | undefined;
}

/** The other faults end well, or take longer than a demonstration may. */
const unreadable: ReadonlySet<Fault> = new Set(UNREADABLE_FAULTS);

/**
 * How the verification of a person ends who is answered `results` one by one, the last again and again. Null when that is unknown
 * from here: the lane would be held, the person put off, or an answer that cannot be read be the last one.
 */
export function computeExpectation(results: readonly Planned[], retriesAllowed: number): Expectation | null {
  for (let attempts = 1; attempts <= 1 + retriesAllowed; attempts += 1) {
    const result = results[attempts - 1] ?? results.at(-1);
    if (!result) return null;
    const next = judge(result);
    if (next === 'unforeseeable') return null;
    const isLast = attempts === 1 + retriesAllowed;
    if (next === 'final' || (isLast && result.fault === undefined)) {
      return { verdict: resolveOutcome(result.code).verdict, code: result.code, attempts };
    }
  }
  return null;
}

function judge({ code, fault }: Planned): 'final' | 'asked_again' | 'unforeseeable' {
  if (fault !== undefined) return unreadable.has(fault) ? 'asked_again' : 'unforeseeable';
  switch (resolveOutcome(code).kind) {
    case 'final':
    case 'fault':
      return 'final';
    case 'transient':
      return 'asked_again';
    default:
      return 'unforeseeable';
  }
}
