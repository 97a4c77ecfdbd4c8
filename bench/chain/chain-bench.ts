import { performance } from 'node:perf_hooks';
import { type BenchRedis, compactAof, startBenchRedis } from '../bench-redis.ts';
import { type Child, startChild } from '../child.ts';
import { presentMark } from '../mark.ts';
import { computeMedian } from '../median.ts';
import type { Chain } from './chain.ts';
import { startPlainChain } from './plain-chain.ts';
import { SUBMITTERS } from './submitter-process.ts';
import { QUOTA_PER_SECOND, startVeriqueueChain } from './veriqueue-chain.ts';

export interface ChainBenchOptions {
  readonly rounds: number;
  /** Of each round and pipeline. */
  readonly verifications: number;
  readonly photoBytes: number;
  readonly concurrency: number;
  readonly say: (line: string) => void;
}

interface Rates {
  /** Verifications per second of each round. */
  readonly plain: number;
  readonly veriqueue: number;
}

const MARK = { atLeast: 0.8 };

/** What one comparison runs on. */
interface Stage {
  readonly redis: BenchRedis;
  readonly receiver: Child;
  readonly plain: Chain;
  readonly veriqueue: Chain;
}

/** Runs both pipelines in turn, several times, and compares the medians. */
export async function runChainBench(options: ChainBenchOptions): Promise<void> {
  const { say, concurrency, photoBytes } = options;
  for (const line of describe(options)) say(line);
  const redis = await startBenchRedis(say);
  const upstream = await startChild(new URL('stub-upstream.ts', import.meta.url), {});
  const receiver = await startChild(new URL('stub-receiver.ts', import.meta.url), {});
  const surroundings = {
    redisUrl: redis.url,
    upstreamUrl: upstream.url,
    receiverUrl: receiver.url,
    concurrency,
    photoBytes,
  };
  const plain = await startPlainChain(surroundings);
  const veriqueue = await startVeriqueueChain(surroundings);
  try {
    const rates = await runRounds({ redis, receiver, plain, veriqueue }, options);
    report(rates, say);
  } finally {
    await Promise.all([plain.stop(), veriqueue.stop()]);
    await Promise.all([upstream.stop(), receiver.stop()]);
    await redis.stop();
  }
}

function describe({ rounds, verifications, photoBytes, concurrency }: ChainBenchOptions): string[] {
  return [
    `Chain: photos of ${photoBytes / 1000} kB, ${rounds} rounds of ${verifications} verifications for each pipeline, in turn, in changing order.`,
    '  Measured: from the first submission to the last event at the receiver.',
    `  Alike for both: one worker process, ${concurrency} jobs at once per queue, one submitting process with ${SUBMITTERS} submissions at once,`,
    '  one Redis (own process, AOF everysec, no rewrite during a run), one stub upstream and one stub receiver (own processes).',
    `  Veriqueue: the worker as in production with the quota lifted to ${QUOTA_PER_SECOND}/s, log level info; submissions that are validated already.`,
    '  Plain: bench/pipelines/plain-pipeline.ts, two BullMQ queues with the photo in the job; no quota, record, sealing, signature, retry or log.',
  ];
}

async function runRounds(stage: Stage, options: ChainBenchOptions): Promise<Rates[]> {
  const { rounds, verifications, say } = options;
  let serial = 0;
  const run = async (chain: Chain) => {
    serial += verifications;
    return measureRate(stage, chain, { first: serial, count: verifications });
  };
  // Compilers and connections warm up before anything counts.
  for (let warmUp = 0; warmUp < 2; warmUp += 1) {
    await run(stage.plain);
    await run(stage.veriqueue);
  }
  const rates: Rates[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = round % 2 === 0 ? stage.plain : stage.veriqueue;
    const earlier = await run(first);
    const later = await run(first === stage.plain ? stage.veriqueue : stage.plain);
    const rate =
      first === stage.plain ? { plain: earlier, veriqueue: later } : { plain: later, veriqueue: earlier };
    rates.push(rate);
    say(
      `  round ${round + 1}: plain ${show(rate.plain)}, Veriqueue ${show(rate.veriqueue)}, ratio ${ratioOf(rate).toFixed(2)}`,
    );
  }
  return rates;
}

/** @returns verifications per second */
async function measureRate(
  { redis, receiver }: Stage,
  chain: Chain,
  order: { readonly first: number; readonly count: number },
): Promise<number> {
  await compactAof(redis.redis);
  const allReceived = receiver.ask({ expect: order.count });
  const startedAt = performance.now();
  await Promise.all([chain.submit(order), allReceived]);
  return order.count / ((performance.now() - startedAt) / 1000);
}

function report(rates: readonly Rates[], say: (line: string) => void): void {
  const plain = computeMedian(rates.map((rate) => rate.plain));
  const veriqueue = computeMedian(rates.map((rate) => rate.veriqueue));
  const ratios = rates.map(ratioOf);
  say(
    `  medians: plain ${show(plain)}, Veriqueue ${show(veriqueue)}, ratio ${(veriqueue / plain).toFixed(2)}`,
  );
  say(presentMark('Veriqueue ÷ plain, by their medians', veriqueue / plain, MARK));
  say(
    `  within a round: ratio ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}, median ${computeMedian(ratios).toFixed(2)}`,
  );
}

const ratioOf = ({ plain, veriqueue }: Rates): number => veriqueue / plain;
const show = (rate: number): string => `${Math.round(rate)}/s`;
