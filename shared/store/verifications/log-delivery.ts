import type { Redis } from 'ioredis';
import type { DeliveryAttempt } from '../../contract/delivery-log.ts';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { writeAttempt } from './written-attempt.ts';

const logDeliveryScript = loadScript(new URL('../scripts/log-delivery.lua', import.meta.url));

/** Notes in the log why nothing was sent. It counts as no attempt. */
export async function logDelivery(
  redis: Redis,
  keys: StoreKeys,
  id: string,
  attempt: DeliveryAttempt,
): Promise<void> {
  await logDeliveryScript(redis, [keys.record(id), keys.deliveryLog(id)], [writeAttempt(attempt)]);
}
