import { describe, expect, it } from 'vitest';
import { judge } from '../../../../bench/quota/judge.ts';

const span = { fromMs: 0, untilMs: 10_000 };
const at = (...times: number[]) => times.map((atMs) => ({ atMs, refused: false }));
const every = (stepMs: number, count: number, startMs = 0) =>
  at(...Array.from({ length: count }, (_, nth) => startMs + nth * stepMs));

describe('the judge of the quota benchmark', () => {
  it.each([
    {
      name: 'finds nothing wrong with even spacing',
      arrivals: every(50, 200),
      expected: { mostInRollingSecond: 20, over: 0, refusedByFixedWindows: 0, utilization: 100 },
    },
    {
      name: 'finds two bursts that meet at the edge of a fixed window',
      arrivals: [...every(1, 20, 980), ...every(1, 20, 1001)],
      expected: { mostInRollingSecond: 40, over: 20, refusedByFixedWindows: 20 },
    },
    {
      name: 'counts a window of exactly one second as half open',
      arrivals: [...every(50, 20), ...at(1000)],
      expected: { mostInRollingSecond: 20, over: 0, refusedByFixedWindows: 0 },
    },
    {
      name: 'finds one that came a moment early',
      arrivals: [...every(50, 20, 0.5), ...at(1000.3)],
      expected: { mostInRollingSecond: 21, over: 1, refusedByFixedWindows: 1 },
    },
    {
      name: 'leaves out what lies outside the judged time',
      arrivals: [...every(1, 100, -200), ...at(500), ...every(1, 100, 10_000)],
      expected: { arrivals: 1, mostInRollingSecond: 1 },
    },
  ])('$name', ({ arrivals, expected }) => {
    expect(judge(arrivals, span, 20)).toMatchObject(expected);
  });
});
