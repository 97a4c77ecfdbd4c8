import { describe, expect, test } from 'vitest';
import { computeSchedule, FAULTS, faultKinds } from './schedule.ts';

describe('the schedule of a storm', () => {
  test('follows from the seed and the number of jobs alone', () => {
    expect(computeSchedule(7, 500)).toEqual(computeSchedule(7, 500));
    expect(computeSchedule(8, 500)).not.toEqual(computeSchedule(7, 500));
  });

  test('has every kind of fault at least once, however few jobs there are', () => {
    for (const jobs of [50, 150, 2_000]) {
      const kinds = new Set(computeSchedule(3, jobs).map(({ kind }) => kind));
      expect([...kinds].sort()).toEqual([...faultKinds].sort());
    }
  });

  test('keeps positions in order and within the jobs, and lengths within those of the kind', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const faults = computeSchedule(seed, 400);
      const positions = faults.map(({ atJob }) => atJob);
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
      for (const { atJob, kind, ms } of faults) {
        const [min, max] = FAULTS[kind].ms;
        expect(atJob).toBeLessThan(400);
        expect(ms).toBeGreaterThanOrEqual(min);
        expect(ms).toBeLessThanOrEqual(max);
      }
    }
  });
});
