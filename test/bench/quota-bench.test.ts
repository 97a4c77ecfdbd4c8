import { describe, expect, it } from 'vitest';
import { type CaseOptions, listCases, QUOTA_ROWS } from '../../bench/quota/list-cases.ts';
import { presentQuota } from '../../bench/quota/present-quota.ts';
import type { QuotaCase, QuotaResult } from '../../bench/quota/quota-run.ts';

const options: CaseOptions = { seconds: 8, rows: QUOTA_ROWS, delayMs: 20 };
const namesOf = (overrides: Partial<CaseOptions>) =>
  listCases({ ...options, ...overrides }).map(({ name }) => name);

describe('the cases of the quota', () => {
  it('are those of all rows, unless some are chosen', () => {
    expect(listCases(options)).toHaveLength(11);
    expect(namesOf({ rows: ['veriqueue'] })).toEqual([
      'Veriqueue, 1 process',
      'Veriqueue, 4 processes',
      'Veriqueue, 16 processes',
    ]);
  });

  it('run each on its own, with as many processes as are asked for', () => {
    expect(namesOf({ rows: ['veriqueue'], processes: [4] })).toEqual(['Veriqueue, 4 processes']);
    expect(namesOf({ rows: ['delay'], processes: [16], delayMs: 5 })).toEqual([
      'Veriqueue, 16 processes, 5 ms random network delay',
    ]);
  });

  it('wait for the margin where the network has a delay, unless the wait is given', () => {
    const [delayed] = listCases({ ...options, rows: ['delay'] });
    expect(delayed).toMatchObject({ warmUpSeconds: 60, networkMs: 20, enforced: true });
    const [early] = listCases({ ...options, rows: ['veriqueue'], warmUpSeconds: 0 });
    expect(early).toMatchObject({ warmUpSeconds: 0, seconds: 8, networkMs: 0 });
  });
});

describe('the table of the quota', () => {
  const resultOf = (quotaCase: QuotaCase, utilization: number, mostInRollingSecond: number): QuotaResult => ({
    case: quotaCase,
    judgement: {
      arrivals: 160,
      seconds: 8,
      meanPerSecond: utilization / 5,
      utilization,
      mostInRollingSecond,
      over: mostInRollingSecond > 20 ? 1 : 0,
      refusedByFixedWindows: 0,
      refused: 0,
    },
    scriptCallsPerSecond: 40,
    arrivals: [],
    othersPercent: 3,
  });
  const present = (rows: CaseOptions['rows'], rounds: readonly (readonly [number, number])[]) => {
    const cases = listCases({ ...options, rows, processes: [4] });
    const results = rounds.flatMap(([used, most]) => cases.map((each) => resultOf(each, used, most)));
    return presentQuota(results);
  };

  it('has the median use of the rounds with their range, and the worst second of all', () => {
    const [table] = present(
      ['veriqueue'],
      [
        [100, 20],
        [99, 20],
        [99.9, 21],
      ],
    );
    expect(table).toMatch(/Veriqueue, 4 processes .* 99\.9 \(99\.0–100\.0\) % .* 21 .* 1 of 480 .* 40 .* 3/);
  });

  it('holds the median use and the worst second against their marks', () => {
    expect(
      present(
        ['veriqueue', 'bullmq'],
        [
          [99.8, 20],
          [99.9, 21],
          [90, 20],
        ],
      ).slice(2),
    ).toEqual([
      '  mark: Veriqueue, 4 processes, used: 99.8 %, at least 99.8 %: met',
      '  mark: Veriqueue, 4 processes, most in any 1000 ms: 21, at most 20: NOT met',
    ]);
  });

  it('asks less of a network with a delay, and of processes that die only the limit', () => {
    expect(present(['delay', 'faults'], [[99, 20]]).slice(2)).toEqual([
      '  mark: Veriqueue, 4 processes, 20 ms random network delay, used: 99.0 %, at least 99 %: met',
      '  mark: Veriqueue, 4 processes, 20 ms random network delay, most in any 1000 ms: 20, at most 20: met',
      '  mark: Veriqueue, 4 processes, one killed every 2 s, one stopped for 10 s, most in any 1000 ms: 20, at most 20: met',
    ]);
  });
});
