import Table from 'cli-table3';
import { presentMark } from '../mark.ts';
import { computeMedian } from '../median.ts';
import type { QuotaCase, QuotaResult } from './quota-run.ts';

/** One case and its rounds. */
interface CaseRounds {
  readonly case: QuotaCase;
  readonly rounds: readonly QuotaResult[];
}

const EASY_USE = { atLeast: 99.8 };
const DELAYED_USE = { atLeast: 99 };

/** A table with a row for each case, what its columns mean, and the marks of Veriqueue's rows. */
export function presentQuota(results: readonly QuotaResult[]): readonly string[] {
  const cases = [...new Set(results.map((result) => result.case))];
  const all = cases.map((quotaCase) => ({
    case: quotaCase,
    rounds: results.filter((result) => result.case === quotaCase),
  }));
  return [formatTable(all), LEGEND, ...all.flatMap(judgeCase)];
}

const COLUMNS: readonly { readonly head: string; readonly show: (rounds: CaseRounds) => string }[] = [
  { head: 'mean/s', show: (all) => computeMedian(valuesOf(all, 'meanPerSecond')).toFixed(2) },
  { head: 'used', show: (all) => `${presentRange(valuesOf(all, 'utilization'), 1)} %` },
  { head: 'most in any 1000 ms', show: (all) => String(Math.max(...valuesOf(all, 'mostInRollingSecond'))) },
  { head: 'over', show: (all) => `${sumOf(all, 'over')} of ${sumOf(all, 'arrivals')}` },
  {
    head: 'fixed seconds refuse',
    show: (all) => String(Math.max(...valuesOf(all, 'refusedByFixedWindows'))),
  },
  { head: 'refused', show: presentRefused },
  {
    head: 'script calls/s',
    show: ({ rounds }) => {
      const calls = rounds.flatMap(({ scriptCallsPerSecond }) => scriptCallsPerSecond ?? []);
      return calls.length === 0 ? '–' : computeMedian(calls).toFixed(0);
    },
  },
  {
    head: 'others',
    show: ({ rounds }) => {
      const others = rounds.flatMap(({ othersPercent }) => othersPercent ?? []);
      return others.length === 0 ? '–' : `${presentRange(others, 0)} %`;
    },
  },
];

const LEGEND = [
  'used: the median of the rounds and their range. most, fixed seconds refuse: the worst round. over, refused: of all rounds.',
  'over: arrivals that found 20 others in the 1000 ms before them.',
  'fixed seconds refuse: arrivals beyond 20 in windows of one second, at the phase at which they are most.',
  'refused: by the recorder, which in that case enforces fixed seconds of a random phase.',
  'others: what the rest of the machine used of all processors.',
].join('\n');

function formatTable(all: readonly CaseRounds[]): string {
  const table = new Table({
    head: ['', ...COLUMNS.map(({ head }) => head)],
    colAligns: ['left', ...COLUMNS.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const each of all) table.push([each.case.name, ...COLUMNS.map(({ show }) => show(each))]);
  return table.toString();
}

function judgeCase(all: CaseRounds): readonly string[] {
  const { name, limiter, networkMs, faults, quota } = all.case;
  if (limiter !== 'lane') return [];
  const most = Math.max(...valuesOf(all, 'mostInRollingSecond'));
  const limit = presentMark(`${name}, most in any 1000 ms`, most, { atMost: quota }, 0);
  if (faults) return [limit];
  const used = computeMedian(valuesOf(all, 'utilization'));
  return [presentMark(`${name}, used`, used, networkMs > 0 ? DELAYED_USE : EASY_USE, 1, ' %'), limit];
}

type Figure = keyof QuotaResult['judgement'];

const valuesOf = ({ rounds }: CaseRounds, figure: Figure): number[] =>
  rounds.map(({ judgement }) => judgement[figure]);

const sumOf = (all: CaseRounds, figure: Figure): number =>
  valuesOf(all, figure).reduce((sum, value) => sum + value, 0);

/** The median, and the range where there is more than one. */
function presentRange(values: readonly number[], digits: number): string {
  const median = computeMedian(values).toFixed(digits);
  if (values.length < 2) return median;
  return `${median} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
}

function presentRefused(all: CaseRounds): string {
  if (!all.case.enforced) return '–';
  const refused = sumOf(all, 'refused');
  return `${refused} (${((100 * refused) / sumOf(all, 'arrivals')).toFixed(2)} %)`;
}
