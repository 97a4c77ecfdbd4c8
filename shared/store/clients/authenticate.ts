import type { Redis } from 'ioredis';
import { hashApiKey, isApiKey, matchesApiKeyHash } from '../../sealing/api-key.ts';
import type { StoreKeys } from '../keys.ts';
import { type ClientIdentity, identifyClient, storedClient } from './client.ts';

/**
 * Whose API key this is; null for a key that is not one, is unknown, revoked, or belongs to a disabled client.
 *
 * The index finds the client by the key's hash; the client itself has the last word on which keys are valid, compared
 * in constant time. A text that is no key by its checksum never reaches Redis.
 */
export async function authenticate(
  redis: Redis,
  keys: StoreKeys,
  apiKey: string,
): Promise<ClientIdentity | null> {
  if (!isApiKey(apiKey)) return null;
  const clientId = await redis.hget(keys.apiKeys(), hashApiKey(apiKey));
  if (clientId === null) return null;
  const parsed = storedClient.safeParse(await redis.hgetall(keys.client(clientId)));
  if (!parsed.success || parsed.data.disabled === '1') return null;
  // Every key is compared, so that the time does not reveal which one it was.
  const matches = parsed.data.apiKeys.filter(({ hash }) => matchesApiKeyHash(apiKey, hash));
  return matches.length > 0 ? identifyClient(parsed.data) : null;
}
