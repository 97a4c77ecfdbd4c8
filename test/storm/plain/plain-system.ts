import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { findFreePort } from '../free-port.ts';
import { startPartSlot } from '../part-slot.ts';
import type { Residue } from '../residue.ts';
import { logFileOf, type System, type SystemOptions, workerNames } from '../system.ts';
import { EVENTS, VERIFICATIONS } from './plain-queues.ts';

/** A job whose worker was killed comes back after BullMQ's lock and its check for stalled jobs, 30 s each. */
const QUIET_MS = 75_000;

/** Starts the plain pipeline in the same places, behind the same proxy, between the same upstream and receiver. */
export async function startPlain(options: SystemOptions): Promise<System> {
  const { redis, onUnaskedExit } = options;
  const port = await findFreePort();
  const startSlot = async (name: string, entry: string, more: Record<string, string>) =>
    startPartSlot({
      name,
      folder: 'worker',
      entry: new URL(entry, import.meta.url),
      environment: { REDIS_URL: redis.urlOf(await redis.proxy.open(name)), ...more },
      logFile: logFileOf(options, name),
      onUnaskedExit,
    });
  const producer = await startSlot('producer', 'plain-producer.ts', { PORT: String(port) });
  const workers = await Promise.all(
    workerNames(options.workers).map((name) =>
      startSlot(name, 'plain-worker.ts', {
        UPSTREAM_URL: options.upstreamUrl,
        RECEIVER_URL: options.receiverUrl,
        QUOTA_PER_SECOND: String(options.quotaPerSecond),
        UPSTREAM_TIMEOUT_MS: String(options.upstreamTimeoutMs),
      }),
    ),
  );
  return {
    url: `http://127.0.0.1:${port}`,
    apiKey: 'none',
    webhookSecret: null,
    producer,
    workers,
    quietMs: QUIET_MS,
    lockPattern: `bull:${VERIFICATIONS}:*:lock`,
    repair: () => redis.primary().ask(retryFailed),
    show: () => Promise.resolve(null),
    feed: () => Promise.resolve(null),
    usage: () => Promise.resolve(null),
    residue: listJobsLeft,
    async stop() {
      await Promise.all([producer.stop(), ...workers.map((worker) => worker.stop())]);
    },
  };
}

/** What an operator does with the failed jobs of a queue. */
async function retryFailed(redis: Redis): Promise<number> {
  const counts = await withQueues(redis, async (queue) => {
    const failed = await queue.getFailedCount();
    if (failed > 0) await queue.retryJobs({ state: 'failed' });
    return failed;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

async function listJobsLeft(redis: Redis): Promise<Residue> {
  const left = await withQueues(redis, async (queue) => {
    const { completed: _kept, ...counts } = await queue.getJobCounts();
    return Object.entries(counts).flatMap(([state, count]) =>
      Array.from({ length: count }, () => `${queue.name}: one ${state}`),
    );
  });
  return { left: left.flat(), setAside: 0 };
}

async function withQueues<T>(redis: Redis, run: (queue: Queue) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const name of [VERIFICATIONS, EVENTS]) {
    const queue = new Queue(name, { connection: redis, skipMetasUpdate: true });
    queue.on('error', () => undefined);
    results.push(await run(queue));
    await queue.close();
  }
  return results;
}
