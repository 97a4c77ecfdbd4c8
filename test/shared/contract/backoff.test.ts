import { describe, expect, test } from 'vitest';
import { computeBackoffMs, FULL_JITTER, HALF_JITTER, spread } from '../../../shared/contract/backoff.ts';

describe('a backoff', () => {
  test.each([
    [0, 1_000],
    [1, 2_000],
    [3, 8_000],
    [6, 60_000],
    [2_000, 60_000],
    [-1, 1_000],
  ])('after %i earlier failures is %i ms', (earlierFailures, waitMs) => {
    expect(computeBackoffMs({ baseMs: 1_000, capMs: 60_000 }, earlierFailures)).toBe(waitMs);
  });

  test.each([
    ['all of it', FULL_JITTER, [0, 500, 1_000]],
    ['its second half', HALF_JITTER, [500, 750, 1_000]],
    ['less up to a fifth', { from: 1, to: 0.8 }, [1_000, 900, 800]],
  ])('is spread over %s', (_what, share, waits) => {
    expect([0, 0.5, 1].map((random) => spread(1_000, share, random))).toEqual(waits);
  });
});
