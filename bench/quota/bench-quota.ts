import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { startBenchRedis } from '../bench-redis.ts';
import type { AskerOrders } from './asker-orders.ts';
import { drawQuotaPicture } from './picture.ts';
import { type QuotaCase, type QuotaResult, runQuotaCase } from './quota-run.ts';
import { buildRecorder } from './recorder.ts';

export interface QuotaBenchOptions {
  readonly print: (line: string) => void;
  /** Judged time per case. @default 60 */
  readonly seconds?: number;
  /** @default [1, 4, 16] */
  readonly processes?: readonly number[];
  /** BullMQ's limiter beside the lane. @default true */
  readonly baselines?: boolean;
  /** A network with random delay, and processes that die and stop. @default true */
  readonly hardships?: boolean;
  /** Where to write the picture (SVG); none without. */
  readonly picturePath?: string;
}

const LIMITERS: readonly { readonly label: string; readonly limiter: AskerOrders['limiter'] }[] = [
  { label: 'Veriqueue', limiter: 'lane' },
  { label: 'BullMQ {20, 1000}', limiter: { max: 20, duration: 1000 } },
  { label: 'BullMQ {1, 50}', limiter: { max: 1, duration: 50 } },
];

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
/** Long enough for the margin to find its place; what it learns from is refused calls. */
const MARGIN_WARM_UP_SECONDS = 60;

function listCases(options: QuotaBenchOptions): QuotaCase[] {
  const { seconds = 60, processes = [1, 4, 16], baselines = true, hardships = true } = options;
  const easy = LIMITERS.slice(0, baselines ? undefined : 1).flatMap(({ label, limiter }) =>
    processes.map((count) => ({
      ...EASY,
      name: `${label}, ${countOf(count)}`,
      limiter,
      processes: count,
      seconds,
    })),
  );
  if (!hardships) return easy;
  return [
    ...easy,
    {
      ...EASY,
      name: `Veriqueue, ${countOf(4)}, 20 ms random network delay`,
      limiter: 'lane',
      processes: 4,
      seconds,
      warmUpSeconds: MARGIN_WARM_UP_SECONDS,
      networkMs: 20,
      enforced: true,
      laneOptions: {},
      bodyBytes: [20_000, 2_000_000],
    },
    {
      ...EASY,
      name: `Veriqueue, ${countOf(4)}, one killed every 2 s, one stopped for 10 s`,
      limiter: 'lane',
      processes: 4,
      seconds,
      faults: true,
    },
  ];
}

function countOf(processes: number): string {
  return processes === 1 ? '1 process' : `${processes} processes`;
}

/** Runs the cases one after the other on a Redis of its own, prints the table, and returns what it is made of. */
export async function runQuotaBench(options: QuotaBenchOptions): Promise<readonly QuotaResult[]> {
  const { print, picturePath } = options;
  const redis = await startBenchRedis(print);
  const recorder = await buildRecorder();
  print(
    recorder.clock === 'kernel'
      ? 'Arrivals are stamped by the kernel (SO_TIMESTAMPNS), read by a native recorder.'
      : 'No C compiler found: arrivals are stamped by a Node process, which adds some jitter of its own.',
  );
  const results: QuotaResult[] = [];
  try {
    for (const quotaCase of listCases(options)) {
      print(`${quotaCase.name} …`);
      results.push(await runQuotaCase(recorder, redis.url, quotaCase));
    }
  } finally {
    await recorder.remove();
    await redis.stop();
  }
  print(formatTable(results));
  print(LEGEND);
  if (picturePath !== undefined) await writeFile(picturePath, drawQuotaPicture(pickForPicture(results)));
  return results;
}

/** Each limiter once, at four processes where there is such a run. */
function pickForPicture(results: readonly QuotaResult[]): QuotaResult[] {
  const easy = results.filter(({ case: { networkMs, faults } }) => networkMs === 0 && !faults);
  const wanted = easy.some(({ case: { processes } }) => processes === 4) ? 4 : easy[0]?.case.processes;
  return easy.filter(({ case: { processes } }) => processes === wanted);
}

function formatTable(results: readonly QuotaResult[]): string {
  const table = new Table({
    head: [
      '',
      'mean/s',
      'used',
      'most in any 1000 ms',
      'over',
      'fixed seconds refuse',
      'refused',
      'script calls/s',
    ],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { case: quotaCase, judgement: seen, scriptCallsPerSecond } of results) {
    table.push([
      quotaCase.name,
      seen.meanPerSecond.toFixed(2),
      `${seen.utilization.toFixed(1)} %`,
      seen.mostInRollingSecond,
      `${seen.over} of ${seen.arrivals}`,
      seen.refusedByFixedWindows,
      quotaCase.enforced ? `${seen.refused} (${((100 * seen.refused) / seen.arrivals).toFixed(2)} %)` : '–',
      scriptCallsPerSecond?.toFixed(0) ?? '–',
    ]);
  }
  return table.toString();
}

const LEGEND = [
  'over: arrivals that found 20 others in the 1000 ms before them.',
  'fixed seconds refuse: arrivals beyond 20 in windows of one second, at the phase at which they are most.',
  'refused: by the recorder, which in that case enforces fixed seconds of a random phase; judged after 60 s in which the margin settles.',
].join('\n');
