import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { generateApiKey } from '../../sealing/api-key.ts';
import type { StoreKeys } from '../keys.ts';
import { parseApiKeys, type StoredApiKey } from './client.ts';
import { storeApiKey } from './create-client.ts';
import { replaceField } from './replace-field.ts';

interface Target {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly clientId: string;
}

/**
 * Gives a client one more API key; the older ones stay valid until they are revoked, so that no request fails while
 * the application moves to the new one.
 *
 * @returns the key, shown once; null when there is no such client
 */
export async function addApiKey({ redis, keys, clientId }: Target, now: number): Promise<string | null> {
  const apiKey = generateApiKey(randomBytes);
  const stored = storeApiKey(apiKey, now);
  const result = await replaceField(redis, keys, { clientId, field: 'apiKeys' }, (present) => ({
    value: JSON.stringify([stored, ...parseApiKeys(present)]),
    addedHash: stored.hash,
  }));
  return result === 'missing' ? null : apiKey;
}

export type Revocation =
  | { readonly status: 'revoked'; readonly prefix: string }
  | { readonly status: 'missing' }
  /** No key, or several, begin so. */
  | { readonly status: 'unknown_key' | 'ambiguous' }
  /** A client without a key would look like one that never existed. */
  | { readonly status: 'last_key' };

/** @param prefix the visible beginning of the key, or enough of it to distinguish it from the others */
export async function revokeApiKey({ redis, keys, clientId }: Target, prefix: string): Promise<Revocation> {
  let decided: Revocation = { status: 'missing' };
  await replaceField(redis, keys, { clientId, field: 'apiKeys' }, (present) => {
    const apiKeys = parseApiKeys(present);
    const found = apiKeys.filter((key) => key.prefix.startsWith(prefix));
    decided = decideRevocation(apiKeys, found);
    const [revoked] = found;
    if (decided.status !== 'revoked' || revoked === undefined) return null;
    const kept = apiKeys.filter((key) => key !== revoked);
    return { value: JSON.stringify(kept), removedHash: revoked.hash };
  });
  return decided;
}

function decideRevocation(apiKeys: readonly StoredApiKey[], found: readonly StoredApiKey[]): Revocation {
  const [key, ...others] = found;
  if (key === undefined) return { status: 'unknown_key' };
  if (others.length > 0) return { status: 'ambiguous' };
  return apiKeys.length === 1 ? { status: 'last_key' } : { status: 'revoked', prefix: key.prefix };
}
