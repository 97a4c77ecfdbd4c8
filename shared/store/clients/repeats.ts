import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';

/** How many calls of a client were made again, ever: each puts its promised times off by a turn of its own. */
export async function readRepeats(redis: Redis, keys: StoreKeys, clientId: string): Promise<number> {
  const text = await readOr(redis.hget(keys.repeats(), clientId), null);
  const repeats = Number(text ?? 0);
  return Number.isSafeInteger(repeats) && repeats > 0 ? repeats : 0;
}
