import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const beatScript = loadScript(new URL('../scripts/heartbeat.lua', import.meta.url));

/** Writes down that this worker lives, by Redis' clock: no machine's clock has a say in who is dead. */
export async function beat(redis: Redis, keys: StoreKeys, workerId: string): Promise<void> {
  await beatScript(redis, [keys.heartbeats()], [workerId]);
}

/** A worker that stops in order has no heartbeat, and so no death. */
export async function endHeartbeat(redis: Redis, keys: StoreKeys, workerId: string): Promise<void> {
  await redis.zrem(keys.heartbeats(), workerId);
}
