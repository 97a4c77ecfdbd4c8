import { Queue, type Telemetry } from 'bullmq';
import type { StoreKeys } from '../keys.ts';
import type { Redis } from '../redis/redis-client.ts';

/** A queue of BullMQ's, for code outside the store, which does not know the library behind it. */
export type JobQueue = Queue;

/** What puts the active trace into the jobs of a flow. */
export type FlowTelemetry<Context = unknown> = Telemetry<Context>;

/**
 * Opens one of the namespace's queues to look at it and to take jobs out. It leaves the queue's own settings alone.
 *
 * @param name `keys.verificationQueue` or `keys.deliveryQueue`
 * @param onError is given what BullMQ reports at every try to connect; the connection reports an outage once by itself
 */
export function openJobQueue(
  redis: Redis,
  keys: StoreKeys,
  name: string,
  onError: (error: Error) => void,
): JobQueue {
  const queue = new Queue(name, { connection: redis, prefix: keys.queuePrefix, skipMetasUpdate: true });
  queue.on('error', onError);
  return queue;
}
