import { randomUUID } from 'node:crypto';
import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type PipelineIntake, type PipelineOptions, photoBase64 } from './pipeline-options.ts';
import { post } from './post.ts';

/*
 * What one would write by hand in an afternoon: two BullMQ queues with default settings, the photo in the job, two HTTP
 * calls.
 *
 * Left out, all to its advantage: records, sealing, the request's signature, the quota, the outcome table, retries, the
 * webhook's signature, the atomic step from one queue to the next (a crash in between loses the event or sends it
 * without end), and logs.
 */
interface PlainVerification {
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

export function openPlainIntake({ redisUrl }: PipelineOptions): PipelineIntake {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue<PlainVerification>(VERIFICATIONS, { connection });
  return async ({ idCard, name, photo }) => {
    const id = randomUUID();
    const verification = { id, idCard, name, imageBase64: photoBase64(photo) };
    await queue.add('verify', verification, { removeOnComplete: true });
    return id;
  };
}

export async function startPlainPipeline(options: PipelineOptions): Promise<void> {
  const { redisUrl, upstreamUrl, receiverUrl, concurrency } = options;
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const events = new Queue<PlainEvent>(EVENTS, { connection });

  const verify = async ({ data }: Job<PlainVerification>): Promise<void> => {
    const { id, idCard, name, imageBase64 } = data;
    const content = JSON.stringify({ ImageBase64: imageBase64, IdCard: idCard, Name: name });
    const answer = await post(upstreamUrl, {}, content);
    await events.add('deliver', { id, result: answer }, { removeOnComplete: true });
  };
  const deliver = async ({ data }: Job<PlainEvent>): Promise<void> => {
    const content = JSON.stringify({ type: 'verification.completed', data });
    await post(receiverUrl, { 'webhook-id': data.id }, content);
  };

  const workers = [
    new Worker(VERIFICATIONS, verify, { connection, concurrency }),
    new Worker(EVENTS, deliver, { connection, concurrency }),
  ];
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
}
