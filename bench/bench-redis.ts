import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { startPrivateRedis } from '../dev/redis/private-redis.ts';
import { findOrInstallRedis } from '../dev/redis/redis-binary.ts';
import { makeRunCommand } from '../dev/redis/run-command.ts';
import { openRedis } from '../shared/store/open-redis.ts';
import { closeRedis } from '../shared/store/redis/close-redis.ts';
import type { RedisLog } from '../shared/store/redis/redis-log.ts';

export interface BenchRedis {
  readonly url: string;
  readonly pid: number;
  /** For the benchmark's own questions. */
  readonly redis: Redis;
  stop(): Promise<void>;
}

export const silentLog: RedisLog = { info: () => undefined, warn: () => undefined };

/**
 * A Redis of the benchmark's own, with the settings of development mode (AOF `everysec`, no eviction). It does not
 * rewrite its AOF by itself: a fork in the middle of a run would be counted against the candidate under test.
 */
export async function startBenchRedis(say: (line: string) => void): Promise<BenchRedis> {
  const found = await findOrInstallRedis({
    env: process.env,
    platform: process.platform,
    say,
    run: makeRunCommand(process.env),
  });
  if (found.kind === 'missing') throw new Error(found.message);
  const dataDir = await mkdtemp(join(tmpdir(), 'veriqueue-bench-'));
  const server = await startPrivateRedis({ dataDir, binary: found.path, log: silentLog });
  const redis = openRedis({ url: server.url, log: silentLog, name: 'bench' }, 'unbatched');
  await redis.config('SET', 'auto-aof-rewrite-percentage', '0');
  return {
    url: server.url,
    pid: server.pid,
    redis,
    stop: async () => {
      await closeRedis(redis);
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Rewrites the AOF now and waits for it, so that no run starts with more behind it than another. */
export async function compactAof(redis: Redis): Promise<void> {
  await redis.bgrewriteaof();
  while (
    !/aof_rewrite_in_progress:0\b[\s\S]*aof_rewrite_scheduled:0\b/.test(await redis.info('persistence'))
  ) {
    await delay(50);
  }
}
