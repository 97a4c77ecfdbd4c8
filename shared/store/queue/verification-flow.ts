import type { FlowJob } from 'bullmq';
import type { Priority } from '../../contract/verification.ts';
import type { StoreKeys } from '../keys.ts';
import { type JobData, storedJobData } from './job-data.ts';

/**
 * BullMQ priorities, lowest first. Retries stand before new work of the same priority; 0 is never used, because BullMQ
 * serves priority 0 before every other and last-in-first-out parents would jump the line.
 */
export const queuePriority = {
  interactive: { retry: 1, fresh: 2 },
  bulk: { retry: 3, fresh: 4 },
} as const satisfies Record<Priority, { retry: number; fresh: number }>;

/**
 * Behind everything else: what has been a fruitless probe of a closed lane. It gets its own priority back as soon as the lane
 * is open.
 */
export const ASIDE_PRIORITY = 5;

/** Deliveries are first come, first served; a parent without a priority would be pushed to the head of the line. */
export const DELIVERY_PRIORITY = 1;

// Both jobs leave Redis as soon as they are done: the record is the system of record, and a parent must not outlive its
// child or the other way round. Failed ones, which only a bug makes, stay for a look. The workers' own options say so
// (worker/queue-worker.ts): here they would stand in each of two jobs, 150 bytes of every verification that waits.

/**
 * One verification as a BullMQ flow: the delivery is the parent and waits, the verification its child.
 *
 * The child's completion and the parent's release are one script; `ignoreDependencyOnFailure` releases the parent
 * even when the child fails for good (docs/decisions/0002).
 */
export function verificationFlow(keys: StoreKeys, data: JobData, priority: Priority): FlowJob {
  return {
    name: 'deliver',
    queueName: keys.deliveryQueue,
    data: storedJobData(data),
    opts: { jobId: data.id, priority: DELIVERY_PRIORITY },
    children: [
      {
        name: 'verify',
        queueName: keys.verificationQueue,
        data: storedJobData(data),
        opts: {
          jobId: data.id,
          priority: queuePriority[priority].fresh,
          ignoreDependencyOnFailure: true,
        },
      },
    ],
  };
}

/**
 * A delivery without a child: there is nothing to wait for.
 *
 * @param jobId new for each redelivery, because BullMQ ignores one that it still knows
 */
export function deliveryFlow(keys: StoreKeys, jobId: string, data: JobData): FlowJob {
  return {
    name: 'deliver',
    queueName: keys.deliveryQueue,
    data: storedJobData(data),
    opts: { jobId, priority: DELIVERY_PRIORITY },
  };
}

/** Redis keys of the two jobs of {@link verificationFlow}. */
export function jobKeysOf(
  keys: StoreKeys,
  id: string,
): { readonly verification: string; readonly delivery: string } {
  return {
    verification: keys.jobKey(keys.verificationQueue, id),
    delivery: keys.jobKey(keys.deliveryQueue, id),
  };
}

/** The sorted sets in which the two jobs of a new {@link verificationFlow} stand. */
export function firstPlaces(keys: StoreKeys): readonly string[] {
  return [
    keys.queueKey(keys.verificationQueue, 'prioritized'),
    keys.queueKey(keys.deliveryQueue, 'waitingChildren'),
  ];
}
