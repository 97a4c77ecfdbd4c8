import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { type FeedEvent, Veriqueue } from '../../client/veriqueue.ts';
import type { RunningProcess } from '../../dev/start/child.ts';
import type { Database } from '../../examples/receiver/database.ts';
import { createReceiver } from '../../examples/receiver/receiver.ts';
import { schema, storeEvent } from '../../examples/receiver/store-event.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { startBenchProducer, startBenchWorker } from '../bench-process.ts';
import { type BenchRedis, startBenchRedis } from '../bench-redis.ts';
import { LANE, QUOTA_PER_SECOND, registerClient } from '../chain/veriqueue-chain.ts';
import type { VeriqueueSubmitterOrders } from '../chain/veriqueue-submitter.ts';
import { type Child, startChild } from '../child.ts';
import { presentMark } from '../mark.ts';
import { computeMedian } from '../median.ts';
import { makeKeyText } from '../submitter.ts';

export interface FeedChainOptions {
  readonly events: number;
  readonly say: (line: string) => void;
}

const MARK = { atLeast: 5_000 };
const FAILING = 0.3;
/** A worker is killed whenever so much more of all events has its number. */
const KILLS = 5;
const LOOK_EVERY_MS = 500;
/** Written in one transaction, as a receiver does that has much to catch up with. */
const PAGE = 500;
const ROUNDS = 5;

/** Ten attempts, without the days between them. */
const SCHEDULE = ['0s', ...Array<string>(9).fill('200ms')].join(',');

/**
 * Drops the database of the example receiver after so many events that came through the whole chain, its deliveries failing
 * and workers killed, and lets it rebuild from the feed alone.
 */
export async function runFeedChain({ events, say }: FeedChainOptions): Promise<void> {
  say(
    `Feed: ${events} events through the chain to the example receiver (PGlite), of whose answers 30 % are failures;`,
  );
  say(`  two workers with the quota lifted to ${QUOTA_PER_SECOND}/s, of which one is killed ${KILLS} times.`);
  const redis = await startBenchRedis(say);
  const upstream = await startChild(new URL('../chain/stub-upstream.ts', import.meta.url), {});
  const postgres = new PGlite();
  await postgres.exec(schema);
  const keyText = makeKeyText();
  const receiver = await openReceiver(postgres);
  const client = await registerClient({ redisUrl: redis.url, receiverUrl: receiver.url }, keyText);
  receiver.trust(client.webhookSecret);
  const producer = await startBenchProducer({ redisUrl: redis.url, lane: LANE, keyText, environment: {} });
  try {
    const stage = { redis, upstream, keyText, clientId: client.clientId, events, say };
    await fillAll(stage, () => countStored(postgres));
    const before = await readResults(postgres);
    await postgres.exec('DROP TABLE received_events; DROP TABLE verification_results');
    await postgres.exec(schema);
    const api = new Veriqueue({ url: producer.url, apiKey: client.apiKey });
    await measureReading(api, events, say);
    const numbers = await rebuild(api, postgres, events, say);
    const isWhole = numbers.every((number, i) => number === i + 1) && numbers.length === events;
    const isSame = JSON.stringify(await readResults(postgres)) === JSON.stringify(before);
    say(
      `  Numbers: ${isWhole ? `1 to ${events} without a gap` : 'INCOMPLETE'}. Results: ${isSame ? 'identical' : 'DIFFERENT'}.`,
    );
    if (!isWhole || !isSame) throw new Error('The receiver must be rebuilt whole and identical');
  } finally {
    await producer.stop();
    await receiver.close();
    await upstream.stop();
    await redis.stop();
    await postgres.close();
  }
}

interface Stage {
  readonly redis: BenchRedis;
  readonly upstream: Child;
  readonly keyText: string;
  readonly clientId: string;
  readonly events: number;
  readonly say: (line: string) => void;
}

/** Submits all of them, kills workers meanwhile, and waits until the receiver has stored each event. */
async function fillAll(stage: Stage, countStoredNow: () => Promise<number>): Promise<void> {
  const { redis, keyText, clientId, events, say } = stage;
  const workers: [RunningProcess, RunningProcess] = [await startWorker(stage), await startWorker(stage)];
  const orders: VeriqueueSubmitterOrders = {
    ...{ redisUrl: redis.url, lane: LANE, keyText, clientId, photoBytes: 20_000 },
  };
  const submitter = await startChild(new URL('../chain/veriqueue-submitter.ts', import.meta.url), orders);
  const begunAt = performance.now();
  try {
    const submitting = submitter.ask({ first: 0, count: events });
    const numbers = async () => Number(await redis.redis.hget(storeKeys(LANE).feedNumbers(), clientId));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await until(async () => (await numbers()) >= (events * kill) / (KILLS + 2));
      const { pid, ended } = workers[0];
      process.kill(pid, 'SIGKILL');
      await ended;
      workers[0] = await startWorker(stage);
    }
    await submitting;
    await until(async () => (await countStoredNow()) >= events);
    say(`  All of them were stored after ${Math.round((performance.now() - begunAt) / 1000)} s.`);
  } finally {
    await submitter.stop();
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

function startWorker({ redis, upstream, keyText }: Stage): Promise<RunningProcess> {
  return startBenchWorker({
    redisUrl: redis.url,
    lane: LANE,
    keyText,
    environment: {
      FACEID_ENDPOINT: upstream.url,
      QUOTA_PER_SECOND: String(QUOTA_PER_SECOND),
      DELIVERY_SCHEDULE: SCHEDULE,
    },
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(LOOK_EVERY_MS);
}

/** The reading by itself: what the feed, the producer and the client package give. The median of some rounds. */
async function measureReading(api: Veriqueue, events: number, say: (line: string) => void): Promise<void> {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begunAt = performance.now();
    let read = 0;
    for await (const event of api.events()) if (event.type !== 'events.gone') read += 1;
    rates.push((read / (performance.now() - begunAt)) * 1_000);
  }
  const rate = computeMedian(rates);
  say(presentMark(`events a second, ${events} read from the feed, median of ${ROUNDS}`, rate, MARK, 0));
}

/** @returns the numbers in the order in which they came */
async function rebuild(
  api: Veriqueue,
  postgres: PGlite,
  events: number,
  say: (line: string) => void,
): Promise<number[]> {
  const begunAt = performance.now();
  const numbers: number[] = [];
  let page: FeedEvent[] = [];
  const write = async () => {
    const entries = page;
    page = [];
    await postgres.transaction(async (transaction) => {
      for (const event of entries) {
        await storeEvent({ transaction: (work) => work(transaction) }, event.id, event);
      }
    });
  };
  for await (const event of api.events()) {
    numbers.push(event.sequence);
    if (event.type === 'verification.completed' || event.type === 'verification.failed') page.push(event);
    if (page.length === PAGE) await write();
  }
  await write();
  const rate = (events / (performance.now() - begunAt)) * 1_000;
  say(`  Rebuilt, each stored by the example in transactions of ${PAGE}: ${Math.round(rate)} events/s.`);
  return numbers;
}

/** Of its transactions three in ten fail: every second of these has been committed, and only its answer is lost. */
function failing(database: Database): Database {
  return {
    transaction: async (work) => {
      const dice = Math.random();
      if (dice < FAILING / 2) throw new Error('the database is away');
      const result = await database.transaction(work);
      if (dice < FAILING) throw new Error('the answer is lost');
      return result;
    },
  };
}

async function openReceiver(postgres: PGlite) {
  let secret = '';
  const servers: ReturnType<typeof createReceiver>[] = [];
  const server = createReceiver({
    database: failing(postgres),
    get secret() {
      return secret;
    },
    onError: () => undefined,
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    trust: (given: string) => {
      secret = given;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function countStored(postgres: PGlite): Promise<number> {
  const { rows } = await postgres.query<{ count: string }>('SELECT count(*) AS count FROM received_events');
  return Number(rows[0]?.count ?? 0);
}

async function readResults(postgres: PGlite): Promise<readonly unknown[]> {
  const { rows } = await postgres.query('SELECT * FROM verification_results ORDER BY verification_id');
  return rows;
}
