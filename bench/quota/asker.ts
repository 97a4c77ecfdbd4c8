import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { Agent } from 'undici';
import { createLane } from '../../shared/account/limiter/lane.ts';
import { accountKeys, laneKeys } from '../../shared/store/keys.ts';
import { connectRedis } from '../../shared/store/redis/connect.ts';
import type { ClaimContext } from '../../shared/store/verifications/claim.ts';
import { markSent } from '../../shared/store/verifications/mark-sent.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { createHeldBody } from '../../worker/upstream/held-body.ts';
import type { AskerOrders } from './asker-orders.ts';

/*
 * One worker process of the benchmark: always more to send than the limiter lets through.
 * Its orders come as one JSON argument; it ends with SIGTERM, SIGKILL or its parent.
 */
const orders: AskerOrders = JSON.parse(process.argv[2] ?? '');
const silent = { info: () => undefined, warn: () => undefined };
const body = randomBytes(orders.bodyBytes[1]);
const tailBytes = 1024;
const origin = `http://127.0.0.1:${orders.port}`;
const dispatcher = new Agent({ connections: orders.concurrency + 2, pipelining: 1 });

function randomBody(): Buffer {
  const [min, max] = orders.bodyBytes;
  return body.subarray(0, Math.round(min * (max / min) ** Math.random()));
}

/** Sends all but the last kilobyte, and that when `takeSlot` says so; undefined when there was no slot. */
async function send(takeSlot: () => Promise<boolean>): Promise<'answered' | 'refused' | undefined> {
  const content = randomBody();
  const held = createHeldBody(content.subarray(0, -tailBytes), content.subarray(-tailBytes));
  const reply = dispatcher.request({
    origin,
    path: '/',
    method: 'POST',
    headers: { 'content-length': String(content.length) },
    body: held.chunks as unknown as Readable,
  });
  reply.catch(() => undefined);
  await held.uploaded;
  if (!(await takeSlot())) {
    held.giveUp();
    return undefined;
  }
  held.release();
  const text = await (await reply).body.text();
  return text.includes('RequestLimitExceeded') ? 'refused' : 'answered';
}

async function askLane(): Promise<never> {
  const redis = connectRedis({ url: orders.redisUrl, role: 'queue', log: silent });
  const options = { quotaPerSecond: orders.quota, ...orders.laneOptions };
  const log = orders.verbose
    ? {
        ...silent,
        warn: (fields: object, text: string) => process.stderr.write(`${text} ${JSON.stringify(fields)}\n`),
      }
    : silent;
  const keys = laneKeys('bench');
  const lane = createLane({ redis, keys: accountKeys('bench'), options, log });
  const mark = await claimOne({ redis, keys, workerId: makeRunToken() });
  const sendOne = async (): Promise<never> => {
    let again = false;
    for (;;) {
      try {
        again = await sendThrough(lane, mark, again);
      } catch {
        await delay(100);
      }
    }
  };
  await Promise.all(Array.from({ length: orders.concurrency }, sendOne));
  throw new Error('Cannot come here: senders never end');
}

/** Marks in a record that a request is leaving, as a worker does for each of its verifications. */
async function claimOne(marks: ClaimContext): Promise<() => Promise<boolean>> {
  const claim = { workerId: marks.workerId, token: makeRunToken() };
  const id = makeRunToken();
  await marks.redis.hset(marks.keys.record(id), 'claimedBy', claim.workerId, 'claimToken', claim.token);
  return async () => {
    const sentAt = new Date().toISOString();
    return (await markSent(marks, { id, claim, call: makeRunToken(), sentAt })) === 'marked';
  };
}

async function sendThrough(
  lane: ReturnType<typeof createLane>,
  prepare: () => Promise<boolean>,
  again: boolean,
): Promise<boolean> {
  const grants: Awaited<ReturnType<typeof lane.take>>[] = [];
  const evidence = await send(async () => {
    const grant = await lane.take({ rank: again ? 'bulk_retry' : 'bulk', prepare });
    grants.push(grant);
    return grant.status === 'granted';
  });
  const [grant] = grants;
  if (evidence && grant?.status === 'granted')
    await lane.report(evidence, grant, evidence, String(grant.seq));
  return evidence === 'refused';
}

function askBullMq(limiter: { max: number; duration: number }): void {
  const redis = connectRedis({ url: orders.redisUrl, role: 'queue', log: silent });
  const worker = new Worker('bench', () => send(async () => true), {
    connection: redis,
    concurrency: orders.concurrency,
    limiter,
  });
  worker.on('error', () => undefined);
}

process.stdin.resume().once('end', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
process.stdout.write('ready\n');
if (orders.limiter === 'lane') await askLane();
else askBullMq(orders.limiter);
