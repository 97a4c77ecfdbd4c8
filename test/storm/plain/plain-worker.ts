import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';
import {
  EVENTS,
  eventOptions,
  type PlainEvent,
  type PlainVerification,
  plainWorkerEnvironment,
  VERIFICATIONS,
} from './plain-queues.ts';

/* The plain pipeline's worker, a process of its own: it asks, then adds the event's job, and posts events. */
const settings = plainWorkerEnvironment.parse(process.env);
const connection = new Redis(settings.REDIS_URL, { maxRetriesPerRequest: null });
connection.on('error', () => undefined);
const events = new Queue<PlainEvent>(EVENTS, { connection });

const answer = z.object({
  Response: z.object({
    Result: z.string().optional(),
    Error: z.object({ Code: z.string() }).optional(),
  }),
});

/** Codes that are worth another try. */
const TRANSIENT = /^(RequestLimitExceeded|InternalError|FailedOperation\.CompareSystemError)/;

async function ask({ idCard, name, imageBase64 }: PlainVerification): Promise<string> {
  const response = await fetch(settings.UPSTREAM_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ImageBase64: imageBase64, IdCard: idCard, Name: name }),
    signal: AbortSignal.timeout(settings.UPSTREAM_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`Cannot verify: the upstream answered ${response.status}`);
  const { Result, Error: error } = answer.parse(await response.json()).Response;
  const code = Result ?? error?.Code ?? '';
  if (TRANSIENT.test(code)) throw new Error(`Cannot verify: the upstream answered ${code}`);
  return code;
}

async function addEvent(job: Job<PlainVerification>, code: string): Promise<void> {
  const id = job.id ?? '';
  const event = { id, reference: job.data.reference, code };
  await events.add('deliver', event, { ...eventOptions, jobId: `event-${id}` });
}

const verify = async (job: Job<PlainVerification>): Promise<void> => addEvent(job, await ask(job.data));

const deliver = async ({ data }: Job<PlainEvent>): Promise<void> => {
  const { id, reference, code } = data;
  const outcome = { code, possiblyBilledAgain: false };
  const response = await fetch(settings.RECEIVER_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'webhook-id': `event-${id}` },
    body: JSON.stringify({ data: { id, reference, attempts: [], outcome } }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`Cannot deliver: the receiver answered ${response.status}`);
};

const verifications = new Worker<PlainVerification>(VERIFICATIONS, verify, {
  connection,
  concurrency: 64,
  limiter: { max: settings.QUOTA_PER_SECOND, duration: 1_000 },
});
const deliveries = new Worker<PlainEvent>(EVENTS, deliver, { connection, concurrency: 64 });
events.on('error', () => undefined);
verifications.on('error', () => undefined);
deliveries.on('error', () => undefined);

// The last word on a verification that came to nothing is an event as well.
verifications.on('failed', (job, error) => {
  if (job === undefined) return;
  const isOver = job.attemptsMade >= (job.opts.attempts ?? 1) || error instanceof UnrecoverableError;
  if (isOver) addEvent(job, 'Plain.GaveUp').catch(() => undefined);
});

await Promise.all([verifications.waitUntilReady(), deliveries.waitUntilReady()]);
process.send?.({ ready: true, url: '' });
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
