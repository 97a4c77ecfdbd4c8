import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { startBenchProducer, startBenchWorker } from './bench-process.ts';
import { startBenchRedis } from './bench-redis.ts';
import { presentMark } from './mark.ts';
import { readCpuMicros, readPssMb, requireProc } from './peers/read-process.ts';
import { makeKeyText } from './submitter.ts';

export interface IdleBenchOptions {
  /** How long is measured, once all have been up for a while. */
  readonly seconds: number;
  readonly say: (line: string) => void;
}

const SETTLED_AFTER_MS = 10_000;
const WORKER_PERCENT = { atMost: 1 };
const WORKER_MB = { atMost: 90 };

/** What a worker and a producer cost that have nothing to do, and what they ask of Redis meanwhile. */
export async function runIdleBench({ seconds, say }: IdleBenchOptions): Promise<void> {
  requireProc();
  const redis = await startBenchRedis(say);
  const orders = { redisUrl: redis.url, lane: 'idle', keyText: makeKeyText() };
  // Nothing is asked there: no verification comes.
  const worker = await startBenchWorker({
    ...orders,
    environment: { FACEID_ENDPOINT: 'http://127.0.0.1:9' },
  });
  const producer = await startBenchProducer({ ...orders, environment: {} });
  const all = { worker: worker.pid, producer: producer.pid, Redis: redis.pid };
  try {
    await delay(SETTLED_AFTER_MS);
    const commandsBefore = await countCommands(redis.redis);
    const before = Object.values(all).map(readCpuMicros);
    await delay(seconds * 1000);
    const after = Object.values(all).map(readCpuMicros);
    const commands = (await countCommands(redis.redis)) - commandsBefore;
    const readPercent = (i: number) => ((after[i] ?? 0) - (before[i] ?? 0)) / seconds / 10_000;
    say(`Idle for ${seconds} s, one of each:`);
    for (const [i, [name, pid]] of Object.entries(all).entries()) {
      say(`  ${name}: ${readPercent(i).toFixed(2)} % of a core, ${Math.round(readPssMb(pid))} MB`);
    }
    say(presentMark('worker, of a core', readPercent(0), WORKER_PERCENT, 2, ' %'));
    say(presentMark('worker', readPssMb(worker.pid), WORKER_MB, 0, ' MB'));
    say(`  commands at Redis: ${(commands / seconds).toFixed(1)} a second, those of scripts counted`);
  } finally {
    await Promise.all([worker.stop(), producer.stop()]);
    await redis.stop();
  }
}

async function countCommands(redis: Redis): Promise<number> {
  const calls = (await redis.info('commandstats')).matchAll(/calls=(\d+)/g);
  return [...calls].reduce((sum, [, count]) => sum + Number(count), 0);
}
