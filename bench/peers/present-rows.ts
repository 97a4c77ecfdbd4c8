import { computeMedian } from '../median.ts';
import { ROLES, type Role } from './contender.ts';
import type { Measure } from './measure-contender.ts';

/** One contender and its rounds, the n-th beside the n-th of the others. */
export interface Row {
  readonly name: string;
  readonly measures: readonly Measure[];
}

export const totalMicros = ({ cpuMicros }: Measure): number =>
  ROLES.reduce((sum, role) => sum + cpuMicros[role], 0);

const BASE = 'veriqueue-json';

/** A Markdown table, as docs/benchmarks.md has it: ratios are medians of those within a round. */
export function presentRows(rows: readonly Row[]): readonly string[] {
  const base = rows.find(({ name }) => name === BASE) ?? rows[0];
  if (base === undefined) return [];
  return [
    `| | a second (range) | ÷ ${base.name} | µs (range) | ÷ ${base.name} | ${ROLES.join(' + ')} µs | MB |`,
    '| --- | ---: | ---: | ---: | ---: | --- | --- |',
    ...rows.map((row) => presentRow(row, base)),
    presentLoad(rows),
    ...presentRepeats(rows),
  ];
}

function presentRow({ name, measures }: Row, base: Row): string {
  const perRole = (of: (measure: Measure, role: Role) => number, combine: (values: number[]) => number) =>
    ROLES.map((role) => combine(measures.map((measure) => of(measure, role))));
  const show = (values: readonly number[], separator: string) =>
    values.map((value) => (value === 0 ? '–' : value.toFixed(0))).join(separator);
  return `| ${[
    name,
    presentRange(measures.map(({ rate }) => rate)),
    computeRatio(measures, base.measures, ({ rate }) => rate).toFixed(2),
    presentRange(measures.map(totalMicros)),
    computeRatio(measures, base.measures, totalMicros).toFixed(2),
    show(
      perRole((measure, role) => measure.cpuMicros[role], computeMedian),
      ' + ',
    ),
    show(
      perRole(
        (measure, role) => measure.pssMb[role],
        (values) => Math.max(...values),
      ),
      ' / ',
    ),
  ].join(' | ')} |`;
}

/** The median of the ratios within a round: what a neighbor on the machine does to one, it does to the other. */
export function computeRatio(
  measures: readonly Measure[],
  base: readonly Measure[],
  of: (measure: Measure) => number,
): number {
  return computeMedian(
    measures.flatMap((measure, round) => {
      const beside = base[round];
      return beside === undefined ? [] : [of(measure) / of(beside)];
    }),
  );
}

const presentRange = (values: readonly number[]): string =>
  `${computeMedian(values).toFixed(0)} (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)})`;

function presentLoad(rows: readonly Row[]): string {
  const measures = rows.flatMap((row) => row.measures);
  const stubs = computeMedian(measures.map(({ stubMicros }) => stubMicros));
  const loads = measures.map(({ othersPercent }) => othersPercent);
  return `  others ${presentRange(loads)} % of all processors; both stubs ${stubs.toFixed(0)} µs a verification`;
}

function presentRepeats(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ name, measures }) => {
    const repeats = measures.reduce((sum, measure) => sum + measure.repeats, 0);
    return repeats === 0 ? [] : [`  ${name}: ${repeats} submissions were sent again, as their answers asked`];
  });
}
