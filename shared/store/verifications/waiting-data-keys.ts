import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const replaceKeyScript = loadScript(new URL('../scripts/replace-data-key.lua', import.meta.url));

/** Verifications looked at in one round trip. */
const PAGE_SIZE = 500;

/** Ids of all verifications that may have a subject, page by page; one may come twice, and what is accepted meanwhile may not come. */
export async function* walkUnfinished(redis: Redis, keys: StoreKeys): AsyncGenerator<readonly string[]> {
  let cursor = '0';
  do {
    const [next, entries] = await redis.zscan(keys.unfinishedIndex(), cursor, 'COUNT', PAGE_SIZE);
    cursor = next;
    yield entries.filter((_, i) => i % 2 === 0);
  } while (cursor !== '0');
}

/** The wrapped data key of a subject; null when there is none any more. */
export function readDataKey(redis: Redis, keys: StoreKeys, id: string): Promise<Buffer | null> {
  return redis.hgetBuffer(keys.subject(id), 'key');
}

/** @returns false when the subject has another wrapped key than `before` by now, or none */
export async function replaceDataKey(
  redis: Redis,
  keys: StoreKeys,
  id: string,
  { before, after }: { readonly before: Buffer; readonly after: Buffer },
): Promise<boolean> {
  return (await replaceKeyScript(redis, [keys.subject(id)], [before, after])) === 1;
}
