import { type ClientIdentity, identifyClient, storedClient } from '../../shared/store/clients/client.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

/** The client of this id; null when there is none, it cannot be read or it is disabled. */
export async function findClient(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
): Promise<ClientIdentity | null> {
  const parsed = storedClient.safeParse(await redis.hgetall(keys.client(clientId)));
  return parsed.success && parsed.data.disabled !== '1' ? identifyClient(parsed.data) : null;
}
