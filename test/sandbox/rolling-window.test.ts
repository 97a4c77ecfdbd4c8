import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateWindow } from '../../sandbox/rate-window.ts';
import { RollingWindow } from '../../sandbox/rolling-window.ts';

const arrivals = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 3000 }).map((gaps) => {
  let at = 0;
  return gaps.map((gap) => {
    at += gap;
    return at;
  });
});

describe('the rolling window', () => {
  it('counts what a plain count over all events counts', () => {
    fc.assert(
      fc.property(arrivals, (times) => {
        const window = new RollingWindow(1000);
        for (const [index, at] of times.entries()) {
          const plain = times.slice(0, index + 1).filter((time) => time > at - 1000).length;
          expect(window.add(at)).toBe(plain);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('forgets while nothing happens', () => {
    const window = new RollingWindow(1000);
    window.add(0);
    expect(window.countAt(999)).toBe(1);
    expect(window.countAt(1000)).toBe(0);
  });
});

describe('the fixed window', () => {
  it('allows exactly the first of each second', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 30 }), (times, quota) => {
        const window = new RateWindow(quota);
        const bySecond = new Map<number, number>();
        for (const at of times) {
          const second = Math.floor(at / 1000);
          const rank = (bySecond.get(second) ?? 0) + 1;
          bySecond.set(second, rank);
          expect(window.take(at)).toEqual({ allowed: rank <= quota, inSecond: rank });
        }
      }),
      { numRuns: 20 },
    );
  });
});
