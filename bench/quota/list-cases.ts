import type { AskerOrders } from './asker-orders.ts';
import type { QuotaCase } from './quota-run.ts';

/** `delay` and `faults` are Veriqueue's, too: a network with random delay, and processes that die and stop. */
export const QUOTA_ROWS = ['veriqueue', 'bullmq', 'delay', 'faults'] as const;
export type QuotaRow = (typeof QUOTA_ROWS)[number];

export interface CaseOptions {
  /** Judged time of each case. */
  readonly seconds: number;
  readonly rows: readonly QuotaRow[];
  /** @default [1, 4, 16], and [4] for `delay` and `faults` */
  readonly processes?: readonly number[] | undefined;
  /** Of the row `delay`: each arrival is late by up to so many ms. */
  readonly delayMs: number;
  /** Before the judged time. @default 5, and 60 for `delay`, where the margin first has to find its place */
  readonly warmUpSeconds?: number | undefined;
}

interface Kind {
  readonly label: string;
  readonly processes: readonly number[];
  readonly shape: Omit<QuotaCase, 'name' | 'processes' | 'seconds'>;
}

const EASY = {
  quota: 20,
  warmUpSeconds: 5,
  networkMs: 0,
  enforced: false,
  faults: false,
  bodyBytes: [20_000, 3_000_000],
  // Where the margin is on a network that is quiet, after 2,800 calls.
  laneOptions: { marginMs: 1 },
} as const;
/** What the margin learns from is refused calls. */
const MARGIN_WARM_UP_SECONDS = 60;
const DELAYED_BODY_BYTES = [20_000, 2_000_000] as const;

/** What to run, in this order. */
export function listCases(options: CaseOptions): readonly QuotaCase[] {
  const kinds = options.rows.flatMap((row) => kindsOf(row, options));
  return kinds.flatMap(({ label, processes, shape }) =>
    (options.processes ?? processes).map((count) => ({
      ...shape,
      name: label.replace('#', count === 1 ? '1 process' : `${count} processes`),
      processes: count,
      seconds: options.seconds,
      warmUpSeconds: options.warmUpSeconds ?? shape.warmUpSeconds,
    })),
  );
}

function kindsOf(row: QuotaRow, { delayMs }: CaseOptions): readonly Kind[] {
  const bullmq = (max: number, duration: number) =>
    easyKind(`BullMQ {${max}, ${duration}}, #`, { max, duration });
  switch (row) {
    case 'veriqueue':
      return [easyKind('Veriqueue, #', 'lane')];
    case 'bullmq':
      return [bullmq(20, 1000), bullmq(1, 50)];
    case 'delay':
      return [delayedKind(delayMs)];
    case 'faults':
      return [
        {
          label: 'Veriqueue, #, one killed every 2 s, one stopped for 10 s',
          processes: [4],
          shape: { ...EASY, limiter: 'lane', faults: true },
        },
      ];
  }
}

const easyKind = (label: string, limiter: AskerOrders['limiter']): Kind => ({
  label,
  processes: [1, 4, 16],
  shape: { ...EASY, limiter },
});

const delayedKind = (delayMs: number): Kind => ({
  label: `Veriqueue, #, ${delayMs} ms random network delay`,
  processes: [4],
  shape: {
    ...EASY,
    limiter: 'lane',
    warmUpSeconds: MARGIN_WARM_UP_SECONDS,
    networkMs: delayMs,
    enforced: true,
    laneOptions: {},
    bodyBytes: DELAYED_BODY_BYTES,
  },
});
