import { performance } from 'node:perf_hooks';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { type StoreKeys, storeKeys } from '../../shared/store/keys.ts';
import { DELIVERY_PRIORITY } from '../../shared/store/queue/verification-flow.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import { webhookId } from '../../shared/webhook/webhook-id.ts';
import { buildVerificationEvent } from '../../worker/delivery/verification-event.ts';
import { startBenchWorker } from '../bench-process.ts';
import { compactAof, startBenchRedis } from '../bench-redis.ts';
import { builtEntry } from '../built-entry.ts';
import { type Child, startChild } from '../child.ts';
import { presentMark } from '../mark.ts';
import { computeMedian } from '../median.ts';
import { watchOthers } from '../peers/read-process.ts';
import { makeKeyText, openKeyRing } from '../submitter.ts';
import { writeFinishedRecords } from './finished-records.ts';
import type { PlainDeliveryOrders, PlainEvent } from './plain-delivery-worker.ts';

export interface DeliveryBenchOptions {
  readonly rounds: number;
  /** Of each round and worker. */
  readonly events: number;
  readonly concurrency: number;
  /** Endpoints (clients, at one receiver) the events are for, in turn. */
  readonly endpoints: number;
  readonly say: (line: string) => void;
}

interface Measure {
  /** Events per second. */
  readonly rate: number;
  /** Of the worker's process, per event, in µs: what neighbors on the machine disturb least. */
  readonly cpuMicros: number;
}

interface Round {
  /** What the rest of the machine used of all processors, in percent; undefined where nothing says so. */
  readonly othersPercent: number | undefined;
  readonly plain: Measure;
  readonly veriqueue: Measure;
}

/** One of the two, with its queue. */
interface Contender {
  /** Processor seconds its worker has used so far. */
  readCpuSeconds(): Promise<number>;
  readonly queue: Queue;
  /** Queues the delivery of each record's event. */
  enqueue(records: readonly VerificationRecord[]): Promise<void>;
  stop(): Promise<void>;
}

interface Stage {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly keyRing: KeyRing;
  readonly receiver: Child;
  readonly clientIds: readonly string[];
  readonly plain: Contender;
  readonly veriqueue: Contender;
}

const plainCpu = z.object({ cpuSeconds: z.number() });

const MARK = { atLeast: 0.9 };
const LANE = 'bench';
const WARM_UPS = 2;

/** Lets both deliver the same events in turn, several times, and compares their rates. */
export async function runDeliveryBench(options: DeliveryBenchOptions): Promise<void> {
  const { say, concurrency } = options;
  for (const line of describe(options)) say(line);
  const { url: redisUrl, redis, stop: stopRedis } = await startBenchRedis(say);
  const receiver = await startChild(new URL('../chain/stub-receiver.ts', import.meta.url), {});
  const keys = storeKeys(LANE);
  const keyText = makeKeyText();
  const keyRing = openKeyRing(keyText);
  const clients = await Promise.all(
    Array.from({ length: options.endpoints }, () =>
      createClient(
        { redis, keys, keyRing },
        { name: 'bench', callbackUrl: receiver.url, allowedOrigins: ['*'], now: Date.now() },
      ),
    ),
  );
  const secret = clients[0]?.webhookSecret ?? '';
  const plain = await startPlain({ redisUrl, receiverUrl: receiver.url, secret, concurrency }, redis);
  const veriqueue = await startVeriqueue({ redisUrl, keyText, concurrency }, redis, keys);
  const clientIds = clients.map(({ clientId }) => clientId);
  try {
    report(
      await runRounds({ redis, keys, keyRing, receiver, clientIds, plain, veriqueue }, options),
      options,
    );
  } finally {
    await Promise.all([plain.stop(), veriqueue.stop()]);
    await receiver.stop();
    await stopRedis();
  }
}

function describe({ rounds, events, concurrency, endpoints }: DeliveryBenchOptions): string[] {
  return [
    `Delivery: ${rounds} rounds of ${events} events for ${endpoints} endpoint(s), delivered by each worker in turn, in changing order.`,
    '  Measured: from the release of a full queue to the last event at the receiver.',
    `  Alike for both: the same ids and bodies, each signed again; compiled, ${concurrency} jobs at once in one process; one Redis and one stub receiver (own processes).`,
    '  Veriqueue: the worker as in production: record, attempt log, deadline, breaker, guarded connector, metrics, log level info,',
    '  and its cap of 8 deliveries at once to one endpoint, which plain has not.',
    '  Plain: bench/delivery/plain-delivery-worker.ts, BullMQ and undici, the body ready in the job; none of these.',
  ];
}

async function startPlain(orders: Omit<PlainDeliveryOrders, 'queue'>, connection: Redis): Promise<Contender> {
  const name = 'plain-deliveries';
  const worker = await startChild(await builtEntry('bench/delivery/plain-delivery-worker'), {
    ...orders,
    queue: name,
  });
  const queue = new Queue<PlainEvent>(name, { connection });
  return {
    queue,
    readCpuSeconds: async () => plainCpu.parse(await worker.ask({})).cpuSeconds,
    enqueue: async (records) => {
      const opts = { removeOnComplete: true };
      await queue.addBulk(
        records.map((record) => ({
          name: 'deliver',
          data: { webhookId: webhookId(record.id), body: buildVerificationEvent(record) },
          opts,
        })),
      );
    },
    stop: async () => {
      await queue.close();
      await worker.stop();
    },
  };
}

async function startVeriqueue(
  {
    redisUrl,
    keyText,
    concurrency,
  }: { readonly redisUrl: string; readonly keyText: string; readonly concurrency: number },
  connection: Redis,
  keys: StoreKeys,
): Promise<Contender> {
  const worker = await startBenchWorker({
    redisUrl,
    lane: LANE,
    keyText,
    environment: { DELIVERY_CONCURRENCY: String(concurrency), FACEID_ENDPOINT: 'http://127.0.0.1:9' },
  });
  const queue = new Queue(keys.deliveryQueue, { connection, prefix: keys.queuePrefix });
  return {
    queue,
    readCpuSeconds: async () => {
      const metrics = await (await fetch(`${worker.url}/metrics`)).text();
      return Number(/^process_cpu_seconds_total(?:{[^}]*})? (\S+)/m.exec(metrics)?.[1]);
    },
    enqueue: async (records) => {
      const opts = { priority: DELIVERY_PRIORITY, removeOnComplete: true, removeOnFail: { count: 1000 } };
      await queue.addBulk(
        records.map(({ id, clientId }) => ({
          name: 'deliver',
          data: { id, clientId },
          opts: { ...opts, jobId: id },
        })),
      );
    },
    stop: async () => {
      await queue.close();
      await worker.stop();
    },
  };
}

async function runRounds(stage: Stage, { rounds, events, say }: DeliveryBenchOptions): Promise<Round[]> {
  const measured: Round[] = [];
  // Compilers and connections warm up before anything counts.
  for (let round = 1 - WARM_UPS; round <= rounds; round += 1) {
    // Before the round's records and jobs are written, not after: its fork leaves every page of Redis write-protected, and the
    // first write to each costs a fault. That comes to a quarter of Redis' time for an event (Veriqueue 114 us against 146,
    // plain 82 against 103), more for a candidate that writes to more pages, and in production once per doubling of the file.
    await compactAof(stage.redis);
    const clientIds = Array.from(
      { length: events },
      (_, i) => stage.clientIds[i % stage.clientIds.length] ?? '',
    );
    const records = await writeFinishedRecords({ ...stage, clientIds });
    const plainFirst = round % 2 === 0;
    const readOthers = watchOthers();
    const earlier = await measure(stage, plainFirst ? stage.plain : stage.veriqueue, records);
    const later = await measure(stage, plainFirst ? stage.veriqueue : stage.plain, records);
    if (round < 1) continue;
    const both = plainFirst ? { plain: earlier, veriqueue: later } : { plain: later, veriqueue: earlier };
    const measuredRound: Round = { ...both, othersPercent: readOthers() };
    measured.push(measuredRound);
    say(`  round ${round}: ${presentRound(measuredRound)}`);
  }
  return measured;
}

async function measure(
  { receiver }: Stage,
  { queue, enqueue, readCpuSeconds }: Contender,
  records: readonly VerificationRecord[],
): Promise<Measure> {
  await queue.pause();
  await enqueue(records);
  const cpuBefore = await readCpuSeconds();
  const allReceived = receiver.ask({ expect: records.length });
  const startedAt = performance.now();
  await queue.resume();
  await allReceived;
  const seconds = (performance.now() - startedAt) / 1000;
  await untilIdle(queue);
  const cpuSeconds = (await readCpuSeconds()) - cpuBefore;
  return { rate: records.length / seconds, cpuMicros: (cpuSeconds * 1_000_000) / records.length };
}

/** What follows the last event must not be counted against the next run. */
async function untilIdle(queue: Queue): Promise<void> {
  const counts = await queue.getJobCounts('active', 'wait', 'prioritized', 'delayed');
  if (Object.values(counts).some((count) => count > 0)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await untilIdle(queue);
  }
}

function presentRound(round: Round): string {
  const { plain, veriqueue, othersPercent } = round;
  const others = othersPercent === undefined ? 'unknown' : `${othersPercent.toFixed(0)} %`;
  return `plain ${show(plain)}, Veriqueue ${show(veriqueue)}, ratio ${ratioOf(round).toFixed(2)}, others ${others}`;
}

function report(rounds: readonly Round[], { endpoints, say }: DeliveryBenchOptions): void {
  const ratios = rounds.map(ratioOf);
  const others = rounds.flatMap(({ othersPercent }) => othersPercent ?? []);
  const median = (of: (round: Round) => number) => computeMedian(rounds.map(of));
  say(
    `  events a second: plain ${median((round) => round.plain.rate).toFixed(0)}, Veriqueue ${median((round) => round.veriqueue.rate).toFixed(0)}; ` +
      `ratio within a round ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}; ` +
      `others ${computeMedian(others).toFixed(0)} % of all processors, ${Math.max(...others).toFixed(0)} % at most`,
  );
  const plain = median((round) => round.plain.cpuMicros);
  const veriqueue = median((round) => round.veriqueue.cpuMicros);
  say(
    `  processor time of the worker per event: plain ${plain.toFixed(0)} µs, Veriqueue ${veriqueue.toFixed(0)} µs, ` +
      `ratio ${(plain / veriqueue).toFixed(2)}`,
  );
  say(presentMark(`Veriqueue ÷ plain, ${endpoints} endpoint(s)`, computeMedian(ratios), MARK));
}

const ratioOf = ({ plain, veriqueue }: Round): number => veriqueue.rate / plain.rate;
const show = ({ rate }: Measure): string => `${Math.round(rate)}/s`;
