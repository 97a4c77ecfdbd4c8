import type { StoreKeys } from '../keys.ts';
import type { Redis } from '../redis/redis-client.ts';

/** Lines that are kept, of all processes together; some 300 bytes each. */
export const LOGS_KEPT = 1_000;
/** Nothing of it is older: where processes write to, logs live longer. */
export const LOGS_KEPT_MS = 86_400_000;

/**
 * Adds log lines. The oldest go when there are more than about {@link LOGS_KEPT}, or older than a day.
 *
 * @param from names the process
 * @param now ms epoch
 * @throws the first refusal of Redis, or whatever ioredis throws; some lines may have been added then
 */
export async function appendLogs(
  redis: Redis,
  keys: StoreKeys,
  { from, lines, now }: { readonly from: string; readonly lines: readonly string[]; readonly now: number },
): Promise<void> {
  const key = keys.sharedLogs();
  const pipeline = redis.pipeline();
  for (const line of lines) pipeline.xadd(key, 'MAXLEN', '~', LOGS_KEPT, '*', 'from', from, 'line', line);
  pipeline.xtrim(key, 'MINID', now - LOGS_KEPT_MS);
  pipeline.pexpire(key, LOGS_KEPT_MS);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}
