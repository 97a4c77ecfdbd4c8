import { describe, expect, test } from 'vitest';
import { chinaDay, endOfChinaDay, nextChinaDay } from '../../shared/china-time.ts';

describe('a day in China', () => {
  test.each([
    ['2026-03-01T00:00:00Z', '2026-03-01', '2026-03-01T16:00:00Z'],
    ['2026-03-01T15:59:59.999Z', '2026-03-01', '2026-03-01T16:00:00Z'],
    ['2026-03-01T16:00:00Z', '2026-03-02', '2026-03-02T16:00:00Z'],
    ['2026-12-31T20:00:00Z', '2027-01-01', '2027-01-01T16:00:00Z'],
    ['2028-02-28T17:00:00Z', '2028-02-29', '2028-02-29T16:00:00Z'],
  ])('at %s is %s and ends at %s', (instant, day, end) => {
    const now = Date.parse(instant);
    expect(chinaDay(now)).toBe(day);
    expect([endOfChinaDay(day), nextChinaDay(now)]).toEqual([Date.parse(end), Date.parse(end)]);
  });
});
