import { type Bound, presentMark } from '../mark.ts';
import type { Measure } from './measure-contender.ts';
import { computeRatio, type Row, totalMicros } from './present-rows.ts';

const RATIO_DIGITS = 3;

const QUANTITIES = {
  rate: ({ rate }: Measure) => rate,
  'processor time': totalMicros,
  /** A second of processor time of all of its processes, the front and the client included. */
  'rate per core': (measure: Measure) => 1_000_000 / totalMicros(measure),
} as const;

/** What one contender must reach beside another, as the median of the ratios within a round. */
interface Mark {
  readonly name: string;
  readonly beside: string;
  readonly quantity: keyof typeof QUANTITIES;
  readonly bound: Bound;
}

const SMALL_PHOTO: readonly Mark[] = [
  { name: 'veriqueue-json', beside: 'bullmq-plain-json', quantity: 'rate', bound: { atLeast: 0.9 } },
  {
    name: 'veriqueue-json',
    beside: 'bullmq-plain-json',
    quantity: 'processor time',
    bound: { atMost: 1.25 },
  },
  { name: 'veriqueue-library', beside: 'bullmq-careful', quantity: 'rate', bound: { atLeast: 1 } },
];

const LARGE_PHOTO: readonly Mark[] = [
  { name: 'veriqueue-form', beside: 'sidekiq-form', quantity: 'rate per core', bound: { atLeast: 1 } },
  { name: 'veriqueue-form', beside: 'bullmq-careful-form', quantity: 'rate per core', bound: { atLeast: 1 } },
  { name: 'veriqueue-json', beside: 'veriqueue-form', quantity: 'rate per core', bound: { atLeast: 0.8 } },
  { name: 'veriqueue-json', beside: 'veriqueue-form', quantity: 'rate', bound: { atLeast: 0.8 } },
];

/** By the size of the photo in bytes. */
const MARKS: ReadonlyMap<number, readonly Mark[]> = new Map([
  [20_000, SMALL_PHOTO],
  [100_000, LARGE_PHOTO],
  [300_000, LARGE_PHOTO],
]);

/** One line for each mark of this size of photo; none for a mark of which a contender was not measured. */
export function judgeMarks(photoBytes: number, rows: readonly Row[]): readonly string[] {
  return (MARKS.get(photoBytes) ?? []).flatMap((mark) => {
    const own = rows.find(({ name }) => name === mark.name);
    const beside = rows.find(({ name }) => name === mark.beside);
    if (own === undefined || beside === undefined) return [];
    const ratio = computeRatio(own.measures, beside.measures, QUANTITIES[mark.quantity]);
    return [presentMark(`${mark.name} ÷ ${mark.beside}, ${mark.quantity}`, ratio, mark.bound, RATIO_DIGITS)];
  });
}
