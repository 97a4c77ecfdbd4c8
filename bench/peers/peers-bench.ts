import { startChild } from '../child.ts';
import type { PipelineKind } from '../pipelines/pipeline.ts';
import { CONTENDERS, chooseContenders } from './choose-contenders.ts';
import type { Contender, Stack, StackOptions } from './contender.ts';
import { judgeMarks } from './judge-marks.ts';
import { type Measure, type MeasureOptions, measureContender } from './measure-contender.ts';
import { startPipelineStack } from './pipeline-stack.ts';
import { presentRows, type Row } from './present-rows.ts';
import { requireProc } from './read-process.ts';
import { findSidekiq } from './sidekiq-process.ts';
import { startVeriqueueStack } from './veriqueue-stack.ts';

export interface PeersBenchOptions {
  readonly rounds: number;
  /** Each is a comparison of its own. */
  readonly photoBytes: readonly number[];
  /** Of each round and contender; by the size of the photo when it is left out. */
  readonly verifications?: number | undefined;
  readonly concurrency: number;
  /** Names of contenders; all when it is left out. */
  readonly only?: readonly string[] | undefined;
  readonly say: (line: string) => void;
}

/** Enough that a tick of the processor's clock, 10 ms, is little of a run; few enough that a run takes seconds. */
const BYTES_OF_A_RUN = 30_000_000;
const MOST_OF_A_RUN = 600;
const WARM_UPS = 2;
const countFor = (photoBytes: number) => Math.min(MOST_OF_A_RUN, Math.ceil(BYTES_OF_A_RUN / photoBytes));

/** Every contender in each round, in changing order. @returns the rows of each size of photo */
export async function runPeersBench(
  options: PeersBenchOptions,
): Promise<ReadonlyMap<number, readonly Row[]>> {
  requireProc();
  const { say, photoBytes: sizes, rounds } = options;
  const { chosen, notices } = chooseContenders(options.only ?? CONTENDERS, () => findSidekiq() !== undefined);
  for (const line of [...describe(options), ...notices]) say(line);
  const tables = new Map<number, readonly Row[]>();
  for (const photoBytes of sizes) {
    const count = options.verifications ?? countFor(photoBytes);
    say(`Photos of ${photoBytes / 1000} kB, ${rounds} rounds of ${count} verifications:`);
    const rows = await compare({ ...options, photoBytes, count, only: (name) => chosen.includes(name) });
    for (const line of [...presentRows(rows), ...judgeMarks(photoBytes, rows)]) say(line);
    tables.set(photoBytes, rows);
  }
  return tables;
}

function describe({ concurrency }: PeersBenchOptions): string[] {
  return [
    'Peers: the whole chain, from the first submission to the last event at the receiver.',
    `  Alike for all: compiled; a Redis (AOF everysec, no rewrite during a run) and one worker process of its own, ${concurrency} jobs at once per queue,`,
    '  one submitting process with 32 submissions at once, one stub upstream, one stub receiver. Over HTTP, the same submitting program.',
    '  veriqueue: producer and worker as in production, the quota lifted, log level info. library: veriqueue/producer, all its checks included.',
    '  bullmq-plain: bench/pipelines/plain-pipeline.ts, the photo in the job; no record, sealing, signature, retry, log.',
    '  bullmq-careful: bench/pipelines/careful-pipeline.ts, sealed, with record, flow, both signatures, retries, log; no quota, limits, checks, idempotency.',
    '  sidekiq: bench/peers/sidekiq-worker.rb, as bullmq-plain, but with 10 threads, default retries and log, and a signature that is not computed.',
    '  -json, -form: behind the producer, or behind one Fastify route that checks nothing. Without either: no HTTP.',
    '  µs: processor time of a verification, client included, stubs not. others: what the rest of the machine used of all processors.',
    '  rate per core: verifications in a second of that time. Marks are held against the median of the ratios within a round.',
  ];
}

interface Comparison extends Omit<StackOptions, 'upstreamUrl' | 'receiverUrl'> {
  readonly rounds: number;
  readonly count: number;
}

const KINDS: readonly PipelineKind[] = ['bullmq-plain', 'bullmq-careful', 'sidekiq'];

async function compare(comparison: Comparison): Promise<readonly Row[]> {
  const upstream = await startChild(new URL('../chain/stub-upstream.ts', import.meta.url), {});
  const receiver = await startChild(new URL('../chain/stub-receiver.ts', import.meta.url), {});
  const options = { ...comparison, upstreamUrl: upstream.url, receiverUrl: receiver.url };
  const stacks: Stack[] = [];
  // A stack serves all contenders of its pipeline.
  const isAnyWanted = (pipeline: string) =>
    CONTENDERS.some((name) => name.startsWith(pipeline) && comparison.only(name));
  const stubs = [upstream.pid, receiver.pid];
  try {
    if (isAnyWanted('veriqueue')) stacks.push(await startVeriqueueStack(options));
    for (const kind of KINDS) {
      if (isAnyWanted(kind)) stacks.push(await startPipelineStack(kind, options));
    }
    return await runRounds(stacks, comparison, { receiver, stubs });
  } finally {
    for (const stack of stacks) await stack.stop();
    await Promise.all([upstream.stop(), receiver.stop()]);
  }
}

interface Entry {
  readonly stack: Stack;
  readonly contender: Contender;
  readonly measures: Measure[];
}

async function runRounds(
  stacks: readonly Stack[],
  { rounds, count, say }: Comparison,
  options: MeasureOptions,
): Promise<readonly Row[]> {
  const entries: Entry[] = stacks.flatMap((stack) =>
    stack.contenders.map((contender) => ({ stack, contender, measures: [] })),
  );
  let first = 0;
  const run = async ({ stack, contender }: Entry): Promise<Measure> => {
    await stack.compact();
    first += count;
    return measureContender(contender, { first, count }, options);
  };
  // Compilers and connections warm up before anything counts.
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp += 1) for (const entry of entries) await run(entry);
  for (let round = 0; round < rounds; round += 1) {
    for (const entry of orderOf(entries, round)) {
      const measure = await run(entry);
      entry.measures.push(measure);
      say(
        `  round ${round + 1}: ${entry.contender.name} ${measure.rate.toFixed(0)}/s, others ${measure.othersPercent.toFixed(0)} %`,
      );
    }
  }
  return entries.map(({ contender, measures }) => ({ name: contender.name, measures }));
}

/** Begins with another one in each round, and goes backwards in every second: no contender always follows the same one. */
function orderOf<Value>(values: readonly Value[], round: number): readonly Value[] {
  const turned = [...values.slice(round % values.length), ...values.slice(0, round % values.length)];
  return round % 2 === 0 ? turned : turned.toReversed();
}
