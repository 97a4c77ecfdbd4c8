import { describe, expect, it } from 'vitest';
import { computeHits } from '../../bench/recovery/hits.ts';

describe('the hits of a person', () => {
  it('are the calls that a kill cut off, each with its wait and the part of it with a worker', () => {
    const lives = [
      { from: 0, until: 1_000 },
      { from: 0, until: 2_000 },
      { from: 7_000, until: 9_000 },
      { from: 8_500, until: Infinity },
    ];
    expect(computeHits([500, 8_000, 12_500], lives)).toEqual({
      hits: [
        // No worker was left from 2,000 to 7,000.
        { waitMs: 7_000, servedMs: 2_000 },
        { waitMs: 3_500, servedMs: 3_500 },
      ],
      wholeMs: 11_500,
    });
  });

  it('are none for a call that was answered', () => {
    expect(computeHits([500], [{ from: 0, until: 400 }])).toEqual({ hits: [], wholeMs: 0 });
  });
});
