import { storeKeys } from '../../shared/store/keys.ts';
import { startBenchProducer } from '../bench-process.ts';
import { type BenchRedis, startBenchRedis } from '../bench-redis.ts';
import { builtEntry } from '../built-entry.ts';
import { LANE, registerClient, startUnlimitedWorker } from '../chain/veriqueue-chain.ts';
import { type Child, startChild } from '../child.ts';
import { readCpuMicros, readMachineTime, requireProc } from '../peers/read-process.ts';
import { makeKeyText } from '../submitter.ts';
import { type LoadDone, type LoadOrder, loadDone, readPercentile } from './load.ts';
import type { LoadGeneratorOrders } from './load-generator.ts';

export interface SubmissionsBenchOptions {
  readonly photoBytes: number;
  readonly body: 'json' | 'form';
  /** Of each phase. */
  readonly count: number;
  /** Submissions at once in the cold round, and busy programs beside it. */
  readonly coldAtOnce: number;
  readonly burners: number;
  readonly say: (line: string) => void;
}

const WARM_AT_ONCE = 32;

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
    const before = { cpu: readCpuMicros(stage.producerPid), machine: readMachineTime() };
    const full = await stage.run({
      kind: 'asFastAsItGoes',
      first: stage.next(count),
      count,
      atOnce: WARM_AT_ONCE,
    });
    const micros = (readCpuMicros(stage.producerPid) - before.cpu) / count;
    const rate = count / full.seconds;
    say(
      `As fast as it goes, ${WARM_AT_ONCE} at once: ${rate.toFixed(0)} a second, ${micros.toFixed(0)} µs of the producer, ${describe(full)}`,
    );
    const half = await stage.run({ kind: 'atARate', first: stage.next(count), count, perSecond: rate / 2 });
    say(`At half of that, ${(rate / 2).toFixed(0)} a second: ${describe(half)} (mark at 20 kB: 99th 25 ms)`);
  } finally {
    await stage.stop();
  }
}

const describe = ({ latencies }: LoadDone): string =>
  `median ${readPercentile(latencies, 0.5).toFixed(1)} ms, 99th percentile ${readPercentile(latencies, 0.99).toFixed(1)} ms`;

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
