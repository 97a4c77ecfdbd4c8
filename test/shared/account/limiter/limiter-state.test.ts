import { describe, expect, it } from 'vitest';
import { parseLimiterFacts, TALLY_SECONDS } from '../../../../shared/account/limiter/limiter-facts.ts';
import {
  computeLimiterArrivals,
  computeLimiterState,
} from '../../../../shared/account/limiter/limiter-state.ts';

const SECOND = 1_900_000_000;
/** The last microsecond of a second: the next one is another. */
const NOW_US = SECOND * 1_000_000 + 999_999;

/** What the limiter counted: granted and refused, by seconds before the present one. */
const factsOf = (tallies: Readonly<Record<number, readonly [granted: number, refused: number]>>) =>
  parseLimiterFacts(
    Object.fromEntries(
      Object.entries(tallies).map(([ago, [granted, refused]]) => {
        const second = SECOND - Number(ago);
        return [`t${second % TALLY_SECONDS}`, `${second}:${granted}:${refused}`];
      }),
    ),
  );

describe('arrivals at the upstream', () => {
  it('are those of the last complete seconds, the oldest first, and none where none was counted', () => {
    const facts = factsOf({ 0: [9, 9], 1: [5, 1], 3: [7, 0], 4: [8, 0] });
    expect(computeLimiterArrivals(facts, NOW_US, 3)).toEqual({ granted: [7, 0, 5], refused: [0, 0, 1] });
    expect(computeLimiterArrivals(facts, NOW_US + 1, 3)).toEqual({ granted: [0, 5, 9], refused: [0, 1, 9] });
  });

  it('of an earlier round of the ring are no arrivals of this one', () => {
    expect(computeLimiterArrivals(factsOf({ [TALLY_SECONDS + 1]: [6, 6] }), NOW_US, 2).granted).toEqual([
      0, 0,
    ]);
  });
});

describe('the state of an account', () => {
  it('counts the present second and the 59 before it as the last minute', () => {
    const facts = factsOf({ 0: [1, 1], 1: [10, 2], 59: [100, 4], 60: [1000, 8] });
    expect(computeLimiterState(facts, NOW_US)).toMatchObject({
      grantedLastSecond: 10,
      grantedLastMinute: 111,
      refusedLastMinute: 7,
    });
  });
});
