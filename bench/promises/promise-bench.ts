import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { RunningProcess } from '../../dev/start/child.ts';
import { openProducer, type Producer } from '../../producer/library/open-producer.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { computeCheckDigit } from '../../shared/validation/id-card.ts';
import { startBenchWorker } from '../bench-process.ts';
import { startBenchRedis } from '../bench-redis.ts';
import { type Child, startChild } from '../child.ts';
import { computeMedian } from '../median.ts';
import type { UpstreamOrders } from '../shares/recording-upstream.ts';
import { makeKeyText, openKeyRing } from '../submitter.ts';
import { type JudgedPromise, judgePromises } from './judge-promises.ts';

export interface PromiseBenchOptions {
  readonly verifications: number;
  readonly workers: number;
  readonly quotaPerSecond: number;
  /** In percent, of every second client's calls. */
  readonly transient: number;
  /** Kills a worker every so many seconds; 0: none. */
  readonly killEvery: number;
  readonly say: (line: string) => void;
}

const LANE = 'promises';
const WEIGHTS = [50, 100, 100, 150, 200, 300, 400, 700];
const SUM = WEIGHTS.reduce((a, b) => a + b, 0);
const LATENCY_MS = { min: 150, max: 550 };
const BULK_PART = 0.1;
/** Of the time that the quota needs for all: the rest comes in bursts within it. */
const SUBMITTED_WITHIN = 0.6;
const AT_ONCE = 8;
const ARRIVALS = z.array(z.tuple([z.string(), z.number()]));

interface Submission {
  readonly client: number;
  readonly atMs: number;
  readonly priority: 'interactive' | 'bulk';
}

/**
 * Promised times through the whole chain, from the producer's library to a recording upstream: how many were broken, and how long
 * they were beside the real wait. Clients of different weights submit in bursts, so that most have work at any time.
 */
export async function runPromiseBench(options: PromiseBenchOptions): Promise<void> {
  const { verifications, workers, quotaPerSecond, transient, killEvery, say } = options;
  const faults = `${transient > 0 ? `; ${transient} % of every second client's calls fail` : ''}${killEvery > 0 ? `; a worker is killed every ${killEvery} s` : ''}`;
  say(
    `Promises: ${verifications} verifications of ${WEIGHTS.length} clients, weights ${WEIGHTS.join(', ')}; ${workers} workers, ${quotaPerSecond}/s${faults}`,
  );
  const chain = await startPromiseChain(options);
  const stop = new AbortController();
  const killing = killWorkers(chain, killEvery, stop.signal);
  try {
    const submissions = drawSubmissions(verifications, (verifications / quotaPerSecond) * 1000);
    const submitted = await submitAll(chain, submissions);
    const judged = await judgeAll(chain, submitted);
    report(say, judged);
  } finally {
    stop.abort();
    await killing;
    await chain.stop();
  }
}

function drawSubmissions(count: number, spanMs: number): readonly Submission[] {
  const submissions = WEIGHTS.flatMap((weight, client) => {
    const own: Submission[] = [];
    const total = Math.round((count * weight) / SUM);
    while (own.length < total) {
      const isFirst = own.length === 0;
      const burst = Math.min(total - own.length, Math.ceil((isFirst ? 0.2 : 0.1 * Math.random()) * total));
      const atMs = isFirst ? 0 : Math.random() * SUBMITTED_WITHIN * spanMs;
      for (let i = 0; i < burst; i += 1) {
        own.push({ client, atMs, priority: Math.random() < BULK_PART ? 'bulk' : 'interactive' });
      }
    }
    return own;
  });
  return submissions.sort((a, b) => a.atMs - b.atMs);
}

interface PromiseChain {
  readonly producers: readonly Producer[];
  readonly workers: RunningProcess[];
  readonly upstream: Child;
  readonly photo: Buffer;
  addWorker(): Promise<void>;
  stop(): Promise<void>;
}

async function startPromiseChain({
  workers: count,
  quotaPerSecond,
  transient,
  say,
}: PromiseBenchOptions): Promise<PromiseChain> {
  const server = await startBenchRedis(say);
  const orders: UpstreamOrders = {
    latencyMs: LATENCY_MS,
    transient: transient / 100,
    // The third digit is 0 for every second client.
    transientPrefix: '990',
  };
  const upstream = await startChild(new URL('../shares/recording-upstream.ts', import.meta.url), orders);
  const keyText = makeKeyText();
  const keys = storeKeys(LANE);
  const store = { redis: server.redis, keys, keyRing: openKeyRing(keyText) };
  const environment = {
    FACEID_ENDPOINT: upstream.url,
    QUOTA_PER_SECOND: String(quotaPerSecond),
    LIVEMODE: 'false',
  };
  const workers: RunningProcess[] = [];
  const addWorker = async () => {
    workers.push(await startBenchWorker({ redisUrl: server.url, lane: LANE, keyText, environment }));
  };
  for (let i = 0; i < count; i += 1) await addWorker();
  const producers: Producer[] = [];
  for (const weight of WEIGHTS) {
    const client = { name: `weight ${weight}`, allowedOrigins: ['*'], weight, now: Date.now() };
    const { clientId } = await createClient(store, client);
    producers.push(await openProducer({ redisUrl: server.url, keys: keyText, lane: LANE, clientId }));
  }
  return {
    producers,
    workers,
    upstream,
    photo: await readFile('samples/robot-240x320.jpg'),
    addWorker,
    stop: async () => {
      await Promise.all(producers.map((producer) => producer.close()));
      await Promise.all(workers.map((worker) => worker.stop()));
      await upstream.stop();
      await server.stop();
    },
  };
}

interface Submitted extends Submission {
  readonly id: string;
  readonly idCard: string;
  /** ms epoch */
  readonly submittedAt: number;
  readonly promisedBy: number;
}

async function submitAll(
  chain: PromiseChain,
  submissions: readonly Submission[],
): Promise<readonly Submitted[]> {
  const startedAt = Date.now();
  const submitted: Submitted[] = [];
  let next = 0;
  const lane = async () => {
    for (let n = next; n < submissions.length; n = next) {
      next += 1;
      const submission = submissions[n];
      if (submission === undefined) return;
      await delay(Math.max(0, startedAt + submission.atMs - Date.now()));
      submitted.push(await submitOne(chain, submission, n));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return submitted;
}

/** A number of no province: `990…` for every second client, `991…` for the others. */
function idCardOf(client: number, n: number): string {
  const born = new Date(Date.UTC(1950, 0, 1 + Math.floor(n / 900))).toISOString().slice(0, 10);
  const digits = `99${client % 2}001${born.replaceAll('-', '')}${String(100 + (n % 900))}`;
  return `${digits}${computeCheckDigit(`${digits}0`)}`;
}

async function submitOne(chain: PromiseChain, submission: Submission, n: number): Promise<Submitted> {
  const { client, priority } = submission;
  const idCard = idCardOf(client, n);
  const producer = chain.producers[client];
  const outcome = await producer?.submit({ idCard, name: '测试甲', image: chain.photo, priority });
  if (outcome?.status !== 'accepted') {
    throw new Error(`Cannot go on: a submission must be accepted, received ${JSON.stringify(outcome)}`);
  }
  const { id, completesBy, submittedAt } = outcome.verification;
  if (completesBy === null) throw new Error('Cannot go on: a time must be promised, received none');
  return {
    ...submission,
    id,
    idCard,
    submittedAt: Date.parse(submittedAt),
    promisedBy: Date.parse(completesBy),
  };
}

/** Waits until the upstream was asked about all of them. */
async function judgeAll(
  chain: PromiseChain,
  submitted: readonly Submitted[],
): Promise<readonly JudgedPromise[]> {
  const first = new Map<string, number>();
  while (first.size < submitted.length) {
    await delay(1_000);
    for (const [idCard, at] of ARRIVALS.parse(await chain.upstream.ask({ take: true }))) {
      if (!first.has(idCard)) first.set(idCard, at);
    }
  }
  // The worker writes what was added to a promise once the call has left.
  await delay(2_000);
  return judgePromises(
    await Promise.all(
      submitted.map(async ({ id, idCard, client, priority, submittedAt, promisedBy }) => {
        const shown = await chain.producers[client]?.get(id);
        const completesBy = shown?.status === 'found' ? shown.verification.completesBy : null;
        return {
          priority,
          submittedAt,
          promisedBy,
          extendedBy: completesBy === null ? promisedBy : Date.parse(completesBy),
          askedAt: first.get(idCard) ?? Number.NaN,
        };
      }),
    ),
  );
}

async function killWorkers(chain: PromiseChain, everySeconds: number, signal: AbortSignal): Promise<void> {
  while (everySeconds > 0 && !signal.aborted) {
    await delay(everySeconds * 1000, undefined, { signal }).catch(() => undefined);
    const victim = signal.aborted ? undefined : chain.workers.shift();
    if (victim === undefined) continue;
    process.kill(victim.pid, 'SIGKILL');
    await victim.ended;
    await chain.addWorker();
  }
}

function report(say: (line: string) => void, judged: readonly JudgedPromise[]): void {
  for (const priority of ['interactive', 'bulk'] as const) {
    const of = judged.filter((each) => each.priority === priority);
    say(`  ${priority}: ${describe(of)}`);
  }
  const broken = judged.filter(({ isBroken }) => isBroken).length;
  say(`  all: ${describe(judged)}`);
  const latest = Math.max(...judged.map(({ lateMs }) => lateMs));
  say(`  the nearest to its promise: ${(-latest / 1000).toFixed(1)} s before it`);
  say(
    `  broken 0: ${broken === 0 ? 'met' : 'MISSED'}; median promise at most 1.3 times the wait: ${medianRatio(judged) <= 1.3 ? 'met' : 'MISSED'}`,
  );
}

function describe(judged: readonly JudgedPromise[]): string {
  const broken = judged.filter(({ isBroken }) => isBroken).length;
  const extended = judged.filter(({ isExtended }) => isExtended).length;
  const wait = computeMedian(judged.map(({ waitedMs }) => waitedMs)) / 1000;
  return `${judged.length} asked, ${broken} broken, ${extended} put off; median wait ${wait.toFixed(1)} s, median promise ${medianRatio(judged).toFixed(2)} times the wait`;
}

const medianRatio = (judged: readonly JudgedPromise[]): number =>
  computeMedian(judged.map(({ ratio }) => ratio));
