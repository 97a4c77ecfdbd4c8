import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const touchScript = loadScript(new URL('../scripts/touch-key.lua', import.meta.url));

/**
 * Writes down that an API key was used; a key that is not in the index leaves nothing behind.
 *
 * @param hash what the key rests as
 * @param now ms epoch
 */
export async function touchApiKey(redis: Redis, keys: StoreKeys, hash: string, now: number): Promise<void> {
  await touchScript(redis, [keys.apiKeys(), keys.apiKeyUses()], [hash, now]);
}

/** When keys were last used (ms epoch, a minute late at most); null for one that was not, since uses are noted. */
export async function readKeyUses(
  redis: Redis,
  keys: StoreKeys,
  hashes: readonly string[],
): Promise<readonly (number | null)[]> {
  if (hashes.length === 0) return [];
  const texts = await redis.hmget(keys.apiKeyUses(), ...hashes);
  return texts.map((text) => (text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null));
}
