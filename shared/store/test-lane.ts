import type { Redis } from 'ioredis';
import type { StoreKeys } from './keys.ts';

/** Writes down that a lane is for tests: from then on no worker that asks the real service enters it. */
export async function markTestLane(redis: Redis, keys: StoreKeys): Promise<void> {
  await redis.set(keys.testLane(), '1');
}

export async function isTestLane(redis: Redis, keys: StoreKeys): Promise<boolean> {
  return (await redis.exists(keys.testLane())) === 1;
}
