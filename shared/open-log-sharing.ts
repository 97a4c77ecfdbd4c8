import { hostname } from 'node:os';
import { type RedisTargetSettings, redisTargetOf } from './config/redis-target.ts';
import { ALWAYS_SHARED, LOG_LEVELS } from './contract/console-logs.ts';
import { createLogSharing, type LogSharing } from './log-sharing.ts';
import { storeKeys } from './store/keys.ts';
import { appendLogs } from './store/logs/append-logs.ts';
import { readWantedLogs } from './store/logs/wanted-logs.ts';
import { openRedis } from './store/open-redis.ts';
import type { RedisLog } from './store/redis/redis-log.ts';
import { within } from './within.ts';

const LAST_LINES_MS = 500;

export interface LogSharingSettings extends RedisTargetSettings {
  readonly LOG_SHARING: boolean;
  readonly LANE: string;
}

/** The other connections of a process report what becomes of Redis. */
const silent: RedisLog = { info: () => undefined, warn: () => undefined };

/**
 * Shares the log of this process through Redis, on a connection of its own: a line that waits never stands before a command of
 * a verification. With `LOG_SHARING=false` it opens nothing.
 */
export function openLogSharing(settings: LogSharingSettings, part: string): LogSharing {
  if (!settings.LOG_SHARING) return { offer: () => undefined, stop: async () => undefined };
  const keys = storeKeys(settings.LANE);
  // Fails fast: what cannot be shared now is lost.
  const redis = openRedis(
    { ...redisTargetOf(settings), home: keys.writeProbe(), name: `veriqueue-${part}-logs`, log: silent },
    'request',
  );
  const from = `${part}@${hostname()}/${process.pid}`;
  const sharing = createLogSharing({
    append: (lines) => appendLogs(redis, keys, { from, lines, now: Date.now() }),
    readWanted: () => readWantedLogs(redis, keys),
    alwaysWanted: LOG_LEVELS[ALWAYS_SHARED],
    now: Date.now,
    part,
  });
  return {
    offer: sharing.offer,
    stop: async () => {
      // The last lines; a Redis that hangs does not hold up the end of a process.
      await within(LAST_LINES_MS, sharing.stop());
      redis.disconnect();
    },
  };
}
