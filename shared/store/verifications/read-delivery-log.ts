import type { Redis } from 'ioredis';
import type { DeliveryAttempt } from '../../contract/delivery-log.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import { readAttempt } from './written-attempt.ts';

/** The attempt log, oldest first; entries that cannot be read are left out. */
export async function readDeliveryLog(redis: Redis, keys: StoreKeys, id: string): Promise<DeliveryAttempt[]> {
  const entries = await readOr(redis.lrange(keys.deliveryLog(id), 0, -1), []);
  return entries.flatMap((entry) => readAttempt(entry) ?? []);
}
