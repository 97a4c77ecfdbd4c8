import type { Redis } from 'ioredis';
import { hashApiKey, isApiKey, matchesApiKeyHash } from '../../sealing/api-key.ts';
import type { StoreKeys } from '../keys.ts';
import { type ApiKeyRecord, listApiKeys } from './api-key-record.ts';
import { type ClientIdentity, identifyClient, storedClient } from './client.ts';

export interface Authenticated {
  readonly client: ClientIdentity;
  /** The key that was shown: what it may do is for the caller to look at. */
  readonly key: ApiKeyRecord;
}

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
): Promise<Authenticated | null> {
  if (!isApiKey(apiKey)) return null;
  const clientId = await redis.hget(keys.apiKeys(), hashApiKey(apiKey));
  if (clientId === null) return null;
  const parsed = storedClient.safeParse(await redis.hgetall(keys.client(clientId)));
  if (!parsed.success || parsed.data.disabled === '1') return null;
  // Every key is compared, so that the time does not reveal which one it was.
  const [key] = listApiKeys(parsed.data).filter(({ hash }) => matchesApiKeyHash(apiKey, hash));
  return key === undefined ? null : { client: identifyClient(parsed.data), key };
}
