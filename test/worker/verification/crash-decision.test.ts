import { describe, expect, test } from 'vitest';
import { decideAfterDeaths } from '../../../worker/verification/crash-decision.ts';

describe('a verification that was in flight when workers died', () => {
  test.each([
    { shared: 0, alone: 0, judgement: 'run', because: 'nothing has happened' },
    { shared: 1, alone: 0, judgement: 'run', because: 'one death takes everybody down' },
    {
      shared: 3,

      alone: 0,
      judgement: 'run',
      because: 'kills that overlap hit many more than once',
    },
    {
      shared: 4,

      alone: 0,
      judgement: 'run_alone',
      because: 'being there four times is suspicious',
    },
    { shared: 9, alone: 0, judgement: 'run_alone', because: 'company is never proof' },
    { shared: 0, alone: 1, judgement: 'run_alone', because: 'one death alone may be bad luck' },
    { shared: 2, alone: 2, judgement: 'run_alone', because: 'the proof is not complete' },
    { shared: 0, alone: 3, judgement: 'quarantine', because: 'no other job can have done it' },
    { shared: 5, alone: 4, judgement: 'quarantine', because: 'no other job can have done it' },
  ])('shared $shared, alone $alone → $judgement: $because', ({ judgement, because: _, ...deaths }) => {
    expect(decideAfterDeaths(deaths)).toBe(judgement);
  });
});
