import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';

/** A worker writes it down when it starts: producers do not have the setting, and promise what it leaves to each priority. */
export async function writeBulkShare(redis: Redis, keys: StoreKeys, share: number): Promise<void> {
  await redis.hset(keys.promiseSettings(), 'bulkShare', String(share));
}

/** Null until a worker has started. */
export async function readBulkShare(redis: Redis, keys: StoreKeys): Promise<number | null> {
  const text = await redis.hget(keys.promiseSettings(), 'bulkShare');
  const share = Number(text ?? Number.NaN);
  return share >= 0 && share <= 1 ? share : null;
}
