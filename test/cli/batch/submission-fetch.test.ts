import { describe, expect, it } from 'vitest';
import { readRate } from '../../../cli/batch/submission-fetch.ts';
import { describeRate } from '../../../producer/rate-limit.ts';

describe('readRate()', () => {
  it('reads what the producer writes', () => {
    const rate = { perSecond: 20, burst: 100 };
    const decision = { allowed: true, remaining: 73, fullInMs: 1_350, nextInMs: 0 };
    expect(readRate(new Headers(describeRate(rate, decision)))).toEqual({
      quota: 100,
      window: 5,
      remaining: 73,
    });
  });

  it.each([
    {},
    { ratelimit: '"submissions";r=3;t=1' },
    { ratelimit: 'r=x', 'ratelimit-policy': '"submissions";q=0' },
  ])('reads nothing where no limit is given: %o', (headers) => {
    expect(readRate(new Headers(Object.entries(headers)))).toBeNull();
  });
});
