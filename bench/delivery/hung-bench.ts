import { performance } from 'node:perf_hooks';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { DELIVERY_PRIORITY } from '../../shared/store/queue/verification-flow.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import { webhookId } from '../../shared/webhook/webhook-id.ts';
import { startBenchWorker } from '../bench-process.ts';
import { startBenchRedis } from '../bench-redis.ts';
import { type Child, startChild } from '../child.ts';
import { presentMark } from '../mark.ts';
import { makeKeyText, openKeyRing } from '../submitter.ts';
import { writeFinishedRecords } from './finished-records.ts';
import { type ManyReceiversOrders, manyReceiversReport } from './many-receivers-messages.ts';

export interface HungBenchOptions {
  /** Of each of the two phases. */
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly endpoints: number;
  readonly concurrency: number;
  readonly say: (line: string) => void;
}

interface Stage {
  readonly redis: Redis;
  readonly keyRing: KeyRing;
  readonly receivers: Child;
  /** The first one's endpoint is the one that hangs. */
  readonly clientIds: readonly string[];
  readonly queue: Queue;
}

const MARK = { atMost: 2 };
const LANE = 'bench';
/** After the last event was queued; a delivery takes milliseconds. */
const SETTLING_MS = 2_000;
const WARM_UP_SECONDS = 3;

/** How long events of the other endpoints take while one of them hangs, beside how long they take when none does. */
export async function runHungBench(options: HungBenchOptions): Promise<void> {
  const { say, endpoints, eventsPerSecond, seconds, concurrency } = options;
  say(
    `Isolation: ${endpoints} endpoints (a client and an origin each), ${eventsPerSecond} events a second over`,
  );
  say(
    `  all of them in turn, ${concurrency} deliveries at once in one worker process; ${seconds} s without and`,
  );
  say('  with one that reads each request and does not answer (the worker gives up after 15 s).');
  say('  Measured: from the queueing of an event to its arrival, of the others alone.');
  const { url: redisUrl, redis, stop: stopRedis } = await startBenchRedis(say);
  const orders: ManyReceiversOrders = { count: endpoints };
  const receivers = await startChild(new URL('many-receivers.ts', import.meta.url), orders);
  const keys = storeKeys(LANE);
  const keyText = makeKeyText();
  const keyRing = openKeyRing(keyText);
  const clients = await Promise.all(
    z
      .array(z.string())
      .parse(JSON.parse(receivers.url))
      .map((origin) =>
        createClient(
          { redis, keys, keyRing },
          { name: 'bench', callbackUrl: `${origin}/events`, allowedOrigins: [origin], now: Date.now() },
        ),
      ),
  );
  const worker = await startBenchWorker({
    redisUrl,
    lane: LANE,
    keyText,
    environment: { DELIVERY_CONCURRENCY: String(concurrency), FACEID_ENDPOINT: 'http://127.0.0.1:9' },
  });
  const queue = new Queue(keys.deliveryQueue, { connection: redis, prefix: keys.queuePrefix });
  const clientIds = clients.map(({ clientId }) => clientId);
  const stage: Stage = { redis, keyRing, receivers, clientIds, queue };
  try {
    await runPhase(stage, { ...options, seconds: WARM_UP_SECONDS, hangs: false });
    const calm = await runPhase(stage, { ...options, hangs: false });
    const troubled = await runPhase(stage, { ...options, hangs: true });
    reportPhase('none hangs', calm, say);
    reportPhase('one hangs', troubled, say);
    const ratio = shareOf(troubled.times, 0.99) / shareOf(calm.times, 0.99);
    say(presentMark('p99 with a hung endpoint ÷ p99 without', ratio, MARK));
  } finally {
    await queue.close();
    await receivers.stop();
    await worker.stop();
    await stopRedis();
  }
}

interface Phase {
  /** ms, of each event of the other endpoints; endless for one that did not arrive. */
  readonly times: readonly number[];
  readonly mostHeld: number;
}

async function runPhase(
  stage: Stage,
  { seconds, eventsPerSecond, hangs }: HungBenchOptions & { readonly hangs: boolean },
): Promise<Phase> {
  const { clientIds, receivers } = stage;
  const records = await writeFinishedRecords({
    ...stage,
    keys: storeKeys(LANE),
    clientIds: Array.from(
      { length: seconds * eventsPerSecond },
      (_, i) => clientIds[i % clientIds.length] ?? '',
    ),
  });
  await receivers.ask({ hangs });
  const queuedAt = await queueEvenly(stage.queue, records, eventsPerSecond);
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
  const { arrivals, mostHeld } = manyReceiversReport.parse(await receivers.ask({ hangs }));
  const arrivedAt = new Map(arrivals);
  const times = records
    .filter(({ clientId }) => clientId !== clientIds[0])
    .map(
      ({ id }) =>
        (arrivedAt.get(webhookId(id)) ?? Number.POSITIVE_INFINITY) - (queuedAt.get(id) ?? Number.NaN),
    );
  return { times, mostHeld };
}

/** @returns when each event was queued, ms epoch */
async function queueEvenly(
  queue: Queue,
  records: readonly VerificationRecord[],
  eventsPerSecond: number,
): Promise<Map<string, number>> {
  const startedAt = performance.now();
  const queuedAt = new Map<string, number>();
  const adding: Promise<unknown>[] = [];
  for (const [i, { id, clientId }] of records.entries()) {
    const waitMs = startedAt + (i * 1000) / eventsPerSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    queuedAt.set(id, performance.timeOrigin + performance.now());
    const opts = { jobId: id, priority: DELIVERY_PRIORITY, removeOnComplete: true };
    adding.push(queue.add('deliver', { id, clientId }, opts));
  }
  await Promise.all(adding);
  return queuedAt;
}

function reportPhase(title: string, { times, mostHeld }: Phase, say: (line: string) => void): void {
  const at = (share: number) => `${shareOf(times, share).toFixed(1)} ms`;
  const held = mostHeld === 0 ? '' : `; it held ${mostHeld} requests at once, at most`;
  say(`  ${title}: ${times.length} events, median ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}${held}`);
}

function shareOf(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}
