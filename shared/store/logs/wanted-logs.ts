import { ALWAYS_SHARED, LOG_LEVELS, type LogLevel } from '../../contract/console-logs.ts';
import type { StoreKeys } from '../keys.ts';
import type { Redis } from '../redis/redis-client.ts';

/** A follower asks every second; ten of its questions may be lost. */
const WANTED_MS = 10_000;

const FINER = (Object.keys(LOG_LEVELS) as LogLevel[]).filter(
  (level) => LOG_LEVELS[level] < LOG_LEVELS[ALWAYS_SHARED],
);

/** Says that an operator follows lines of this level: processes share them for the next ten seconds. */
export async function wantLogs(redis: Redis, keys: StoreKeys, level: LogLevel): Promise<void> {
  if (FINER.includes(level)) await redis.set(keys.wantedLogs(level), '1', 'PX', WANTED_MS);
}

/** The least level that is to be shared now, as pino's number. */
export async function readWantedLogs(redis: Redis, keys: StoreKeys): Promise<number> {
  const found = await redis.mget(FINER.map((level) => keys.wantedLogs(level)));
  const wanted = FINER.find((_, i) => found[i] !== null);
  return LOG_LEVELS[wanted ?? ALWAYS_SHARED];
}
