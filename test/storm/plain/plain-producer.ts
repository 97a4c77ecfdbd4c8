import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import {
  plainProducerEnvironment,
  plainVerification,
  VERIFICATIONS,
  verificationOptions,
} from './plain-queues.ts';

/* The plain pipeline's door, a process of its own. */
const settings = plainProducerEnvironment.parse(process.env);
// BullMQ's advice for producers: fail fast instead of queueing commands while Redis is away.
const connection = new Redis(settings.REDIS_URL, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
connection.on('error', () => undefined);
const queue = new Queue(VERIFICATIONS, { connection });
queue.on('error', () => undefined);

async function accept(request: IncomingMessage): Promise<string> {
  const submission = plainVerification.parse(JSON.parse(await text(request)));
  const key = request.headers['idempotency-key'];
  const jobId = typeof key === 'string' ? key : randomUUID();
  await queue.add('verify', submission, { ...verificationOptions, jobId });
  return jobId;
}

const server = createServer((request, response) => {
  response.on('error', () => undefined);
  accept(request).then(
    (id) => response.writeHead(202).end(JSON.stringify({ id })),
    () => response.writeHead(503).end(),
  );
});
server.listen(settings.PORT, '127.0.0.1', () => {
  process.send?.({ ready: true, url: `http://127.0.0.1:${settings.PORT}` });
});
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
