import { Queue, type Telemetry } from 'bullmq';
import type { StoreKeys } from '../keys.ts';
import type { Redis } from '../redis/redis-client.ts';

/** A queue of BullMQ's, for code outside the store, which does not know the library behind it. */
export type JobQueue = Queue;

/** What puts the active trace into the jobs of a flow. */
export type FlowTelemetry<Context = unknown> = Telemetry<Context>;

/**
 * For queues and flows on a connection that is ours: BullMQ neither waits for it nor asks for the version of Redis, which we know to be
 * recent enough. It asks once, and where that one answer is lost, the queue refuses everything for good.
 */
export const WITHOUT_HANDSHAKE = { skipVersionCheck: true, skipWaitingForReady: true } as const;

export interface JobQueueOptions {
  /** Is given what BullMQ reports at every try to connect; the connection reports an outage once by itself. */
  readonly onError: (error: Error) => void;
  /**
   * Whether BullMQ asks for the version of Redis, for which it has a quicker `getJobState`. Only on a connection that sends again what
   * got no answer.
   *
   * @default false
   */
  readonly asksVersion?: boolean;
}

/**
 * Opens one of the namespace's queues to look at it and to take jobs out. It leaves the queue's own settings alone.
 *
 * @param name `keys.verificationQueue` or `keys.deliveryQueue`
 */
export function openJobQueue(
  redis: Redis,
  keys: StoreKeys,
  name: string,
  { onError, asksVersion = false }: JobQueueOptions,
): JobQueue {
  const queue = new Queue(name, {
    connection: redis,
    prefix: keys.queuePrefix,
    skipMetasUpdate: true,
    ...(asksVersion ? {} : WITHOUT_HANDSHAKE),
  });
  queue.on('error', onError);
  return queue;
}
