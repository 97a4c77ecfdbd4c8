import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { request } from 'undici';

/**
 * What one would write by hand in an afternoon, and what the chain is measured against: two BullMQ queues with default
 * settings, the photo in the job, two HTTP calls.
 *
 * Left out, all to its advantage: records, sealing, the request's signature, the quota, the outcome table, retries, the
 * webhook's signature, the atomic step from one queue to the next (a crash in between loses the event or sends it
 * without end), and logs.
 */
export interface PlainPipelineOptions {
  readonly redisUrl: string;
  readonly upstreamUrl: string;
  readonly receiverUrl: string;
  /** Of each of the two workers. */
  readonly concurrency: number;
}

export interface PlainVerification {
  readonly id: string;
  readonly idCard: string;
  readonly name: string;
  readonly imageBase64: string;
}

interface PlainEvent {
  readonly id: string;
  readonly result: unknown;
}

const VERIFICATIONS = 'plain-verifications';
const EVENTS = 'plain-events';

export const openPlainQueue = (connection: Redis): Queue<PlainVerification> =>
  new Queue(VERIFICATIONS, { connection });

export async function addPlainVerification(
  queue: Queue<PlainVerification>,
  verification: PlainVerification,
): Promise<void> {
  await queue.add('verify', verification, { removeOnComplete: true });
}

/** Starts both workers; the returned function stops them. */
export async function startPlainPipeline(options: PlainPipelineOptions): Promise<() => Promise<void>> {
  const { redisUrl, upstreamUrl, receiverUrl, concurrency } = options;
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const events = new Queue<PlainEvent>(EVENTS, { connection });

  const verify = async ({ data }: Job<PlainVerification>): Promise<void> => {
    const { id, idCard, name, imageBase64 } = data;
    const answer = await post(upstreamUrl, id, { ImageBase64: imageBase64, IdCard: idCard, Name: name });
    await events.add('deliver', { id, result: answer }, { removeOnComplete: true });
  };
  const deliver = async ({ data }: Job<PlainEvent>): Promise<void> => {
    await post(receiverUrl, data.id, { type: 'verification.completed', data });
  };

  const workers = [
    new Worker(VERIFICATIONS, verify, { connection, concurrency }),
    new Worker(EVENTS, deliver, { connection, concurrency }),
  ];
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  return async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    await events.close();
    connection.disconnect();
  };
}

async function post(url: string, id: string, content: unknown): Promise<unknown> {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'webhook-id': id },
    body: JSON.stringify(content),
  });
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`Cannot post: status must be 2xx, received ${statusCode}`);
  return text === '' ? null : JSON.parse(text);
}
