import type { DeliveryStatus } from '../../contract/verification.ts';
import type { StoreKeys } from '../keys.ts';
import type { Transaction } from '../redis/redis-client.ts';
import { loadScript } from '../redis/script.ts';

const resetDeliveryScript = loadScript(new URL('../scripts/reset-delivery.lua', import.meta.url));

export interface DeliveryReset {
  readonly id: string;
  /** The job that is to deliver the event, added before in the same transaction. */
  readonly jobId: string;
  /** What was read before: the reset happens only while both still stand. */
  readonly status: DeliveryStatus;
  readonly previous: string;
  /** What `previous` is replaced by; different for each try, so that the winner knows itself. */
  readonly redelivery: string;
  /** Endpoints where the event may be waiting. */
  readonly endpoints: readonly string[];
}

/**
 * Queues the way back to `pending` into a transaction: the whole schedule again, the attempt log kept. The record's time
 * stops running; it starts again when the event is delivered.
 */
export function queueDeliveryReset(
  transaction: Transaction,
  keys: StoreKeys,
  { id, jobId, status, previous, redelivery, endpoints }: DeliveryReset,
): void {
  resetDeliveryScript.appendTo(
    transaction,
    [
      keys.record(id),
      keys.deadLetters(),
      keys.retention(),
      keys.queueKey(keys.deliveryQueue, 'prioritized'),
      keys.undeliveredIndex(),
    ],
    [
      id,
      status,
      previous,
      redelivery,
      jobId,
      ...endpoints.map((endpoint) => keys.deferredDeliveries(endpoint)),
    ],
  );
}
