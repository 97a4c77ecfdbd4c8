import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../cli/format-duration.ts';

describe('a duration that is printed', () => {
  it.each([
    [0, '0ms'],
    [320, '320ms'],
    [999.9, '999ms'],
    [1_000, '1s'],
    [1_234, '1.2s'],
    [9_990, '9.9s'],
    [10_900, '10s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [125_000, '2m 5s'],
    [3_599_999, '59m 59s'],
    [3_600_000, '1h'],
    [3_605_000, '1h'],
    [11_400_000, '3h 10m'],
    [86_400_000, '1d'],
    [352_800_000, '4d 2h'],
    [-5, '0ms'],
  ])('of %d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
