import { type Job, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Webhook } from 'standardwebhooks';
import { Agent, request } from 'undici';

/** An event whose body is ready: there is nothing to read and nothing to build. */
export interface PlainEvent {
  readonly webhookId: string;
  readonly body: string;
}

export interface PlainDeliveryOrders {
  readonly redisUrl: string;
  readonly receiverUrl: string;
  readonly secret: string;
  readonly queue: string;
  readonly concurrency: number;
}

/*
 * What one would write by hand in an afternoon, and what the delivery worker is measured against: one BullMQ worker that
 * signs with the Standard Webhooks library and posts with undici over one shared dispatcher. Left out, all to its
 * advantage: records, state and attempt log, deadlines, caps, breaker, retry schedule, address guard, metrics, logs.
 *
 * A process of its own. Its orders come as one JSON argument; it answers any message with its processor time; it ends with
 * its parent.
 */
const orders: PlainDeliveryOrders = JSON.parse(process.argv[2] ?? '');
const webhook = new Webhook(orders.secret);
const dispatcher = new Agent({ connections: orders.concurrency });

async function deliver({ data: { webhookId, body } }: Job<PlainEvent>): Promise<void> {
  const at = new Date();
  const answer = await request(orders.receiverUrl, {
    dispatcher,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': webhookId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': webhook.sign(webhookId, at, body),
    },
    body,
  });
  await answer.body.text();
  if (answer.statusCode >= 300) {
    throw new Error(`Cannot deliver: the status must be 2xx, received ${answer.statusCode}`);
  }
}

const worker = new Worker(orders.queue, deliver, {
  connection: new Redis(orders.redisUrl, { maxRetriesPerRequest: null }),
  concurrency: orders.concurrency,
});
await worker.waitUntilReady();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuSeconds: (user + system) / 1_000_000 });
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true, url: '' });
