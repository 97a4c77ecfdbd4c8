import { expect, it } from 'vitest';
import { applyMatchThreshold } from '../../../shared/outcomes/match-threshold.ts';
import { resolveOutcome } from '../../../shared/outcomes/resolve-outcome.ts';

it.each([
  { code: 'Success', sim: 71, threshold: undefined, verdict: 'match', action: 'none' },
  { code: 'Success', sim: null, threshold: undefined, verdict: 'match', action: 'none' },
  { code: 'Success', sim: 80, threshold: 80, verdict: 'match', action: 'none' },
  { code: 'Success', sim: 79.99, threshold: 80, verdict: 'no_match', action: 'none' },
  { code: 'Success', sim: 0, threshold: 80, verdict: 'no_match', action: 'none' },
  { code: 'Success', sim: null, threshold: 80, verdict: 'unverifiable', action: 'contact_support' },
  {
    code: 'FailedOperation.CompareLowSimilarity',
    sim: 99,
    threshold: 50,
    verdict: 'no_match',
    action: 'none',
  },
  {
    code: 'FailedOperation.IdFormatError',
    sim: null,
    threshold: 80,
    verdict: 'unverifiable',
    action: 'check_identity',
  },
])(
  '$code with similarity $sim under a threshold of $threshold is $verdict',
  ({ code, sim, threshold, verdict, action }) => {
    expect(applyMatchThreshold(resolveOutcome(code), sim, threshold)).toMatchObject({ verdict, action });
  },
);

it('says why an answer of the upstream was overruled', () => {
  expect(applyMatchThreshold(resolveOutcome('Success'), 75, 80).description).toContain('threshold of 80');
  expect(applyMatchThreshold(resolveOutcome('Success'), 85, 80).description).toBe(
    resolveOutcome('Success').description,
  );
});
