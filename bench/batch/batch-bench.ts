import { performance } from 'node:perf_hooks';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { startBenchProducer } from '../bench-process.ts';
import { type BenchRedis, compactAof, startBenchRedis } from '../bench-redis.ts';
import { startChild } from '../child.ts';
import { presentMark } from '../mark.ts';
import { makeKeyText, openKeyRing } from '../submitter.ts';
import { makeBatchFiles, referenceOf } from './batch-files.ts';
import { type BatchRun, runBatchProcess } from './batch-process.ts';
import type { PlainHttpOrders } from './plain-http-submitter.ts';

export interface BatchBenchOptions {
  readonly rows: number;
  readonly photoBytes: number;
  readonly say: (line: string) => void;
}

const LANE = 'bench';
const keys = storeKeys(LANE);
const MARK = { atLeast: 0.9 };
/** Of the plain submitter, before and after. */
const PLAIN_SHARE = 0.1;
const LIMITED = { perSecond: 100, burst: 50, rows: 2_000, photoBytes: 10_000 };

/**
 * A batch that is killed twice and resumed: whether the server has every row once, what the process needed, and how fast
 * it was beside a program that only submits. Then one against a server that limits its clients.
 */
export async function runBatchBench({ rows, photoBytes, say }: BatchBenchOptions): Promise<void> {
  say(
    `Batch: ${rows} rows with photos of ${photoBytes / 1000} kB, killed (SIGKILL) after a third and after two.`,
  );
  const redis = await startBenchRedis(say);
  try {
    await benchKilled(redis, { rows, photoBytes, say });
    await redis.redis.flushall();
    await benchLimited(redis, say);
  } finally {
    await redis.stop();
  }
}

async function benchKilled(redis: BenchRedis, { rows, photoBytes, say }: BatchBenchOptions): Promise<void> {
  const server = await startServer(redis, {});
  const files = await makeBatchFiles({ first: 0, rows, photoBytes });
  const orders: PlainHttpOrders = { url: server.url, apiKey: server.plain.apiKey, photoBytes };
  const plain = await startChild(new URL('plain-http-submitter.ts', import.meta.url), orders);
  const measurePlain = async (first: number) => {
    const count = Math.ceil(rows * PLAIN_SHARE);
    const startedAt = performance.now();
    await plain.ask({ first, count });
    return count / ((performance.now() - startedAt) / 1000);
  };
  try {
    await measurePlain(rows);
    await compactAof(redis.redis);
    const rateBefore = await measurePlain(2 * rows);
    const runs: BatchRun[] = [];
    for (const killAt of [rows / 3, (2 * rows) / 3, Number.POSITIVE_INFINITY]) {
      const { url, batch } = server;
      const countAccepted = () => redis.redis.zcard(keys.clientIndex(batch.clientId));
      runs.push(await runBatchProcess({ files, url, apiKey: batch.apiKey, countAccepted, killAt }));
    }
    const rateAfter = await measurePlain(3 * rows);
    reportRuns(runs, say);
    reportRates(runs, [rateBefore, rateAfter], say);
    await reportRows(redis, server.batch.clientId, rows, say);
  } finally {
    await plain.stop();
    await server.stop();
    await files.remove();
  }
}

/** The producer as it runs in production, on this machine's loopback. No worker takes up what is submitted. */
async function startServer(redis: BenchRedis, environment: Readonly<Record<string, string>>) {
  const keyText = makeKeyText();
  const store = { redis: redis.redis, keys, keyRing: openKeyRing(keyText) };
  const add = (name: string) => createClient(store, { name, allowedOrigins: [], now: Date.now() });
  const [batch, plain] = [await add('batch'), await add('plain')];
  const producer = await startBenchProducer({ redisUrl: redis.url, lane: LANE, keyText, environment });
  return { url: producer.url, batch, plain, stop: producer.stop };
}

function reportRuns(runs: readonly BatchRun[], say: (line: string) => void): void {
  for (const [i, { accepted, seconds, peakRssMb, ended }] of runs.entries()) {
    say(
      `  run ${i + 1}: ${accepted} rows in ${seconds.toFixed(1)} s, peak RSS ${Math.round(peakRssMb)} MB, ended with ${ended}`,
    );
  }
}

function reportRates(
  runs: readonly BatchRun[],
  plain: readonly [number, number],
  say: (line: string) => void,
): void {
  const sum = (value: (run: BatchRun) => number) => runs.reduce((total, run) => total + value(run), 0);
  const rate = sum(({ accepted }) => accepted) / sum(({ seconds }) => seconds);
  const [before, after] = plain;
  const ratio = rate / ((before + after) / 2);
  say(
    `  ${Math.round(rate)} rows/s while submitting; a plain submitter ${Math.round(before)}/s before and ${Math.round(after)}/s after`,
  );
  say(presentMark('batch ÷ plain submitter', ratio, MARK));
}

async function reportRows(
  { redis }: BenchRedis,
  clientId: string,
  rows: number,
  say: (line: string) => void,
): Promise<void> {
  const ids = await redis.zrange(keys.clientIndex(clientId), '0', '-1');
  const references = await Promise.all(ids.map((id) => redis.hget(keys.record(id), 'reference')));
  const found = new Set(references);
  const missing = Array.from({ length: rows }, (_, serial) => referenceOf(serial)).filter(
    (reference) => !found.has(reference),
  );
  say(
    `  at the server: ${ids.length} verifications, ${found.size} references, ${missing.length} rows missing, ${ids.length - found.size} twice`,
  );
}

/** The server says how fast; nothing of this machine's speed is in it. */
async function benchLimited(redis: BenchRedis, say: (line: string) => void): Promise<void> {
  const { perSecond, burst, rows, photoBytes } = LIMITED;
  const server = await startServer(redis, {
    CLIENT_RATE_PER_SECOND: String(perSecond),
    CLIENT_BURST: String(burst),
  });
  const files = await makeBatchFiles({ first: 0, rows, photoBytes });
  try {
    const { url, batch } = server;
    const countAccepted = () => redis.redis.zcard(keys.clientIndex(batch.clientId));
    const killAt = Number.POSITIVE_INFINITY;
    const run = await runBatchProcess({ files, url, apiKey: batch.apiKey, countAccepted, killAt });
    const ratio = run.accepted / run.seconds / perSecond;
    say(
      `  against a limit of ${perSecond}/s (burst ${burst}): ${run.accepted} rows in ${run.seconds.toFixed(1)} s`,
    );
    say(presentMark('batch ÷ limit', ratio, MARK));
  } finally {
    await server.stop();
    await files.remove();
  }
}
