import type { StoreKeys } from '../keys.ts';
import type { Redis } from './redis-client.ts';

/** ms; as long as a probe's key outlives it. */
export const PROBE_KEPT_MS = 1_000;

/** A small write that Redis refuses whenever it would refuse others. */
export async function probeWrites(redis: Redis, keys: StoreKeys): Promise<void> {
  await redis.set(keys.writeProbe(), '1', 'PX', PROBE_KEPT_MS);
}
