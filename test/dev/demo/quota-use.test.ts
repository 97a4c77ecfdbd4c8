import { describe, expect, it } from 'vitest';
import { describePace } from '../../../dev/demo/progress.ts';
import { computeBacklogRate, computeMaxInRollingSecond } from '../../../dev/demo/quota-use.ts';

describe('the largest rolling second', () => {
  it.each([
    ['nothing', [], 0],
    ['one call', [5], 1],
    ['calls exactly a second apart', [0, 1000, 2000], 1],
    ['calls within a second, in any order', [999, 0, 1500, 500], 3],
  ])('of %s', (_what, times, most) => {
    expect(computeMaxInRollingSecond(times)).toBe(most);
  });
});

describe('the rate under backlog', () => {
  const everyFifty = Array.from({ length: 101 }, (_, i) => i * 50);

  it('is that of the calls from the last submission to the last first call', () => {
    const people = everyFifty.map((at) => [at]);
    expect(computeBacklogRate(people, 1000)).toEqual({ perSecond: 20, durationMs: 4000 });
  });

  it('counts retries within that time, and not what comes after it', () => {
    const people = [...everyFifty.map((at) => [at]), [2000, 2025, 9000]];
    expect(computeBacklogRate(people, 0)).toEqual({ perSecond: (102 / 5000) * 1000, durationMs: 5000 });
  });

  it('is unknown when the backlog was gone within a second', () => {
    expect(computeBacklogRate([[0], [100]], 0)).toBeNull();
    expect(computeBacklogRate([[0], [5000]], 6000)).toBeNull();
    expect(computeBacklogRate([], 0)).toBeNull();
  });
});

describe('the pace', () => {
  it.each([
    [{ done: 0, total: 60, elapsedMs: 500 }, 'waiting for the first'],
    [{ done: 20, total: 60, elapsedMs: 2000 }, '10.0/s | 4 s left'],
    [{ done: 60, total: 60, elapsedMs: 4000 }, '15.0/s | done in 4.0 s'],
  ])('of %o is "%s"', (facts, text) => {
    expect(describePace(facts)).toBe(text);
  });
});
