import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { startBenchProducer, startBenchWorker } from './bench-process.ts';
import { startBenchRedis } from './bench-redis.ts';
import { readCpuMicros, readPssMb, requireProc } from './peers/read-process.ts';
import { makeKeyText } from './submitter.ts';

export interface IdleBenchOptions {
  /** How long is measured, once all have been up for a while. */
  readonly seconds: number;
  readonly say: (line: string) => void;
}

const SETTLED_AFTER_MS = 10_000;
const MARK = 'a worker: 1 % of a core, 90 MB';

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
    say(`Idle for ${seconds} s, one of each (the mark is ${MARK}):`);
    for (const [i, [name, pid]] of Object.entries(all).entries()) {
      const percent = ((after[i] ?? 0) - (before[i] ?? 0)) / seconds / 10_000;
      say(`  ${name}: ${percent.toFixed(2)} % of a core, ${Math.round(readPssMb(pid))} MB`);
    }
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
