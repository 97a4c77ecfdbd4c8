import { expect, it } from 'vitest';
import { createRecentRate } from '../../../cli/batch/recent-rate.ts';

it('tells the rate of the last ten seconds, from the first second on', () => {
  let now = 1_000_000;
  const rate = createRecentRate(() => now);
  const run = (seconds: number, perSecond: number) => {
    for (let i = 0; i < seconds * perSecond; i += 1) {
      now += 1000 / perSecond;
      rate.count();
    }
  };
  expect(rate.read()).toBe(0);
  run(5, 20);
  expect(rate.read()).toBeCloseTo(20, 0);
  run(30, 4);
  expect(rate.read()).toBeCloseTo(4, 0);
  now += 20_000;
  expect(rate.read()).toBe(0);
});
