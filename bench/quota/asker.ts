import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { Agent } from 'undici';
import { createLimiter, type Limiter } from '../../shared/account/limiter/limiter.ts';
import type { ReservedSlot } from '../../shared/account/limiter/reservation.ts';
import type { SlotOrder } from '../../shared/account/limiter/slot-order.ts';
import { accountKeys, storeKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import type { ClaimContext } from '../../shared/store/verifications/claim.ts';
import { markSent } from '../../shared/store/verifications/mark-sent.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { createSplitBody, type SplitBody } from '../../worker/upstream/split-body.ts';
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

interface Upload {
  readonly body: SplitBody;
  readonly reply: ReturnType<typeof dispatcher.request>;
}

/** Sends all but the last kilobyte. */
async function upload(): Promise<Upload> {
  const content = randomBody();
  const body = createSplitBody(content.subarray(0, -tailBytes), content.subarray(-tailBytes));
  const reply = dispatcher.request({
    origin,
    path: '/',
    method: 'POST',
    headers: { 'content-length': String(content.length) },
    body: body.chunks as unknown as Readable,
  });
  reply.catch(() => undefined);
  await body.uploaded;
  return { body, reply };
}

async function complete({ body, reply }: Upload): Promise<'answered' | 'refused'> {
  body.complete();
  const text = await (await reply).body.text();
  return text.includes('RequestLimitExceeded') ? 'refused' : 'answered';
}

async function askLimiter(): Promise<never> {
  const redis = openRedis({ url: orders.redisUrl, log: silent }, 'unbatched');
  const options = { quotaPerSecond: orders.quota, ...orders.laneOptions };
  const log = orders.verbose
    ? {
        ...silent,
        warn: (fields: object, text: string) => process.stderr.write(`${text} ${JSON.stringify(fields)}\n`),
      }
    : silent;
  const keys = storeKeys('bench');
  const limiter = createLimiter({ redis, keys: accountKeys('bench'), options, log });
  const mark = await claimOne({ redis, keys, workerId: makeRunToken() });
  const sendOne = async (): Promise<never> => {
    let again = false;
    for (;;) {
      try {
        again = await sendThrough(limiter, mark, again);
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

/** The way of a worker: all but the tail ▸ a slot ▸ the mark ▸ the tail. */
async function sendThrough(limiter: Limiter, mark: () => Promise<boolean>, again: boolean): Promise<boolean> {
  const call = await upload();
  const slot = await reserveMarked(limiter, mark, { class: 4, tag: again ? 0 : 1 });
  if (slot === null) {
    call.body.abandon();
    return false;
  }
  const evidence = await complete(call);
  await limiter.report(evidence, slot, evidence, String(slot.seq));
  return evidence === 'refused';
}

async function reserveMarked(
  limiter: Limiter,
  mark: () => Promise<boolean>,
  order: SlotOrder,
): Promise<ReservedSlot | null> {
  for (let since: number | undefined; ; ) {
    const slot = await limiter.reserve({ order, since });
    if (slot.status !== 'reserved' || !(await mark())) return null;
    if ((await slot.due()) === 'due') return slot;
    since = slot.since;
  }
}

function askBullMq(limiter: { max: number; duration: number }): void {
  const redis = openRedis({ url: orders.redisUrl, log: silent }, 'unbatched');
  const worker = new Worker('bench', async () => complete(await upload()), {
    connection: redis,
    concurrency: orders.concurrency,
    limiter,
  });
  worker.on('error', () => undefined);
}

process.stdin.resume().once('end', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
process.stdout.write('ready\n');
if (orders.limiter === 'lane') await askLimiter();
else askBullMq(orders.limiter);
