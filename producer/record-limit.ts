import type { StoreKeys } from '../shared/store/keys.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { ProblemError, retryAfter } from './problem.ts';

/** A refused client asks again within the hour, however long it takes until a record of its own is forgotten. */
const LONGEST_WAIT_S = 3_600;

/**
 * Holds a client to the number of records that are kept of it: each is some kilobytes in Redis for as long as `RETENTION`
 * says, and one client must not fill the memory of all. Submissions that arrive together may exceed it by their number.
 *
 * @param max 0 sets no limit
 * @throws {ProblemError} too_many_records
 */
export async function requireRecordRoom(
  redis: Redis,
  keys: StoreKeys,
  { clientId, max, now }: { readonly clientId: string; readonly max: number; readonly now: number },
): Promise<void> {
  if (max === 0 || (await redis.zcard(keys.clientIndex(clientId))) < max) return;
  throw new ProblemError('too_many_records', {
    headers: retryAfter(await readWaitSeconds(redis, keys, clientId, now)),
  });
}

/** Until the oldest record is forgotten, as far as that is known. */
async function readWaitSeconds(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  now: number,
): Promise<number> {
  const [oldest] = await redis.zrange(keys.clientIndex(clientId), '0', '0');
  const keptUntil = oldest === undefined ? null : await redis.zscore(keys.retention(), oldest);
  if (keptUntil === null) return LONGEST_WAIT_S;
  return Math.min(LONGEST_WAIT_S, Math.max(60, (Number(keptUntil) - now) / 1000));
}
