import type { StoreKeys } from '../../shared/store/keys.ts';
import { readOr } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { giveUpDelivery } from '../../shared/store/verifications/give-up-delivery.ts';
import { writeDeadNotice } from './dead-notice.ts';

/**
 * Gives up an event whose record cannot be read, or that keeps failing by a fault of ours. Its fields are read one by one: whose it is,
 * and how often it was sent, may be known all the same.
 *
 * @param now ms epoch
 */
export async function giveUp(
  { redis, keys }: { readonly redis: Redis; readonly keys: StoreKeys },
  id: string,
  now: number,
): Promise<void> {
  const nothing = [null, null];
  const [clientId, sent] = await readOr(redis.hmget(keys.record(id), 'client', 'deliveryAttempts'), nothing);
  const attempts = /^\d{1,9}$/.test(sent ?? '') ? Number(sent) : 0;
  const given = { id, endpoint: null, attempts, result: null, now };
  const notice = clientId ? writeDeadNotice({ ...given, clientId }) : null;
  await giveUpDelivery(redis, keys, { id, now, notice });
}
