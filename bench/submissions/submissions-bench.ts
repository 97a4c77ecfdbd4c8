import { storeKeys } from '../../shared/store/keys.ts';
import { startBenchProducer } from '../bench-process.ts';
import { type BenchRedis, startBenchRedis } from '../bench-redis.ts';
import { builtEntry } from '../built-entry.ts';
import { LANE, registerClient, startUnlimitedWorker } from '../chain/veriqueue-chain.ts';
import { type Child, startChild } from '../child.ts';
import { presentMark } from '../mark.ts';
import { computeMedian } from '../median.ts';
import { readCpuMicros, requireProc, watchOthers } from '../peers/read-process.ts';
import { makeKeyText } from '../submitter.ts';
import { type LoadDone, type LoadOrder, loadDone, readPercentile } from './load.ts';
import type { LoadGeneratorOrders } from './load-generator.ts';

export interface SubmissionsBenchOptions {
  readonly photoBytes: number;
  readonly body: 'json' | 'form';
  /** Of each phase. */
  readonly count: number;
  /** Of the two phases that are warm. */
  readonly rounds: number;
  /** Submissions at once in the cold round, and busy programs beside it. */
  readonly coldAtOnce: number;
  readonly burners: number;
  readonly say: (line: string) => void;
}

const WARM_AT_ONCE = 32;
const MARKED_PHOTO_BYTES = 20_000;
const P99_MARK = { atMost: 25 };

/**
 * What a submission over HTTP costs its producer, how long it takes at half of the rate that fills the machine, and whether a
 * cold, overloaded producer accepts what it answers 503.
 */
export async function runSubmissionsBench(options: SubmissionsBenchOptions): Promise<void> {
  requireProc();
  const { say, count, coldAtOnce } = options;
  const stage = await openStage(options);
  try {
    const cold = await overload(stage, options);
    say(
      `Cold, with ${coldAtOnce} at once and ${options.burners} busy programs beside it: ${count} verifications, ` +
        `${cold.repeats} answers 503 or 429, ${cold.accepted} accepted: ${(cold.accepted / count).toFixed(3)} calls a verification`,
    );
    await stage.run({ kind: 'asFastAsItGoes', first: stage.next(count), count, atOnce: WARM_AT_ONCE });
    const rounds: WarmRound[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      const measured = await measureRound(stage, count);
      rounds.push(measured);
      say(`  round ${round}: ${presentRound(measured)}`);
    }
    report(rounds, options);
  } finally {
    await stage.stop();
  }
}

/** As fast as it goes, and at half of the rate which that reached. */
interface WarmRound {
  readonly rate: number;
  /** Processor time of the producer for one submission, as fast as it goes. */
  readonly producerMicros: number;
  readonly fullMs: Percentiles;
  readonly halfMs: Percentiles;
  readonly othersPercent: number;
}

interface Percentiles {
  readonly median: number;
  readonly p99: number;
}

const readPercentiles = ({ latencies }: LoadDone): Percentiles => ({
  median: readPercentile(latencies, 0.5),
  p99: readPercentile(latencies, 0.99),
});

async function measureRound(stage: Stage, count: number): Promise<WarmRound> {
  const readOthers = watchOthers();
  const cpuBefore = readCpuMicros(stage.producerPid);
  const first = stage.next(count);
  const full = await stage.run({ kind: 'asFastAsItGoes', first, count, atOnce: WARM_AT_ONCE });
  const producerMicros = (readCpuMicros(stage.producerPid) - cpuBefore) / count;
  const rate = count / full.seconds;
  const half = await stage.run({ kind: 'atARate', first: stage.next(count), count, perSecond: rate / 2 });
  return {
    rate,
    producerMicros,
    fullMs: readPercentiles(full),
    halfMs: readPercentiles(half),
    othersPercent: readOthers() ?? Number.NaN,
  };
}

const presentMs = ({ median, p99 }: Percentiles): string =>
  `median ${median.toFixed(1)} ms, 99th percentile ${p99.toFixed(1)} ms`;

const presentRound = ({ rate, producerMicros, fullMs, halfMs, othersPercent }: WarmRound): string =>
  `as fast as it goes, ${WARM_AT_ONCE} at once: ${rate.toFixed(0)} a second, ${producerMicros.toFixed(0)} µs of the producer, ` +
  `${presentMs(fullMs)}; at half of that: ${presentMs(halfMs)}; others ${othersPercent.toFixed(0)} %`;

/** The mark is one for small photos. */
function report(rounds: readonly WarmRound[], { photoBytes, say }: SubmissionsBenchOptions): void {
  const median = (of: (round: WarmRound) => number) => computeMedian(rounds.map(of));
  say(
    `  medians: ${presentRound({
      rate: median(({ rate }) => rate),
      producerMicros: median(({ producerMicros }) => producerMicros),
      fullMs: { median: median(({ fullMs }) => fullMs.median), p99: median(({ fullMs }) => fullMs.p99) },
      halfMs: { median: median(({ halfMs }) => halfMs.median), p99: median(({ halfMs }) => halfMs.p99) },
      othersPercent: median(({ othersPercent }) => othersPercent),
    })}`,
  );
  if (photoBytes > MARKED_PHOTO_BYTES) return;
  const p99 = median(({ halfMs }) => halfMs.p99);
  say(presentMark('99th percentile of a submission at half of the full rate', p99, P99_MARK, 1, ' ms'));
}

interface Stage {
  readonly producerPid: number;
  /** The first of so many serial numbers that no person has had. */
  next(count: number): number;
  /** Verifications that Redis has. */
  countAccepted(): Promise<number>;
  /** Resolves when the events of those that were accepted have come, too. */
  run(order: LoadOrder): Promise<LoadDone>;
  stop(): Promise<void>;
}

async function openStage({ photoBytes, body, coldAtOnce, say }: SubmissionsBenchOptions): Promise<Stage> {
  const redis = await startBenchRedis(say);
  const stops: (() => Promise<void>)[] = [redis.stop];
  const keep = <Process extends { stop(): Promise<void> }>(process: Process): Process => {
    stops.push(() => process.stop());
    return process;
  };
  const stop = async () => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    const upstream = keep(await startChild(new URL('../chain/stub-upstream.ts', import.meta.url), {}));
    const receiver = keep(await startChild(new URL('../chain/stub-receiver.ts', import.meta.url), {}));
    const keyText = makeKeyText();
    const surroundings = { redisUrl: redis.url, receiverUrl: receiver.url };
    const { apiKey } = await registerClient(surroundings, keyText);
    keep(
      await startUnlimitedWorker(
        { redisUrl: redis.url, upstreamUrl: upstream.url, concurrency: WARM_AT_ONCE },
        keyText,
      ),
    );
    const environment = { ALLOW_INSECURE_CALLBACKS: 'true' };
    const producer = keep(
      await startBenchProducer({ redisUrl: redis.url, lane: LANE, keyText, environment }),
    );
    const orders: LoadGeneratorOrders = {
      url: producer.url,
      apiKey,
      body,
      photoBytes,
      connections: coldAtOnce,
    };
    const client = keep(await startChild(await builtEntry('bench/submissions/load-generator'), orders));
    return { producerPid: producer.pid, stop, ...drive(redis, client, receiver) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function drive(
  { redis }: BenchRedis,
  client: Child,
  receiver: Child,
): Pick<Stage, 'next' | 'countAccepted' | 'run'> {
  let next = 1;
  return {
    next: (count) => {
      next += count;
      return next - count;
    },
    countAccepted: () => redis.zcard(storeKeys(LANE).allIndex()),
    run: async (order) => {
      const received = receiver.ask({ expect: order.count });
      const done = loadDone.parse(await client.ask(order));
      await received;
      return done;
    },
  };
}

/** A process that does nothing, as fast as it can. */
const BURNER = new URL('burner.ts', import.meta.url);

async function overload(
  stage: Stage,
  { count, coldAtOnce, burners }: SubmissionsBenchOptions,
): Promise<{ readonly repeats: number; readonly accepted: number }> {
  const busy = await Promise.all(Array.from({ length: burners }, () => startChild(BURNER, {})));
  try {
    const first = stage.next(count);
    const { repeats } = await stage.run({ kind: 'asFastAsItGoes', first, count, atOnce: coldAtOnce });
    return { repeats, accepted: await stage.countAccepted() };
  } finally {
    await Promise.all(busy.map((burner) => burner.stop()));
  }
}
