import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrivateRedis, startPrivateRedis } from '../../dev/redis/private-redis.ts';
import type { RedisLog } from '../../shared/store/redis/redis-log.ts';
import './needs-redis.ts';
import { requireRedisBinary } from './redis-binary.ts';

/** A Redis for one test file: its own process, port, password and data. */
export interface TestRedis {
  /** The same over restarts. */
  readonly url: string;
  readonly dataDir: string;
  readonly pid: number;
  /** As an orderly shutdown does: data written down, connections closed. */
  down(): Promise<void>;
  /** As a crash does (SIGKILL). */
  crash(): Promise<void>;
  /** Up again on the same port with the same data. */
  up(): Promise<void>;
  /** Accepts connections and answers nothing (SIGSTOP). */
  hang(): void;
  /** The end of {@link TestRedis.hang}. */
  wake(): void;
  /** For `afterAll`: stops it in whatever state it is and removes its data. */
  stop(): Promise<void>;
}

const silent: RedisLog = { info: () => undefined, warn: () => undefined };

export async function startTestRedis(): Promise<TestRedis> {
  const binary = await requireRedisBinary();
  const dataDir = await mkdtemp(join(tmpdir(), 'veriqueue-redis-'));
  let redis: PrivateRedis = await startPrivateRedis({ dataDir, binary, log: silent });
  return {
    url: redis.url,
    dataDir,
    get pid() {
      return redis.pid;
    },
    down: () => redis.stop(),
    async crash() {
      process.kill(redis.pid, 'SIGKILL');
      await redis.exited;
    },
    async up() {
      redis = await startPrivateRedis({ dataDir, binary, log: silent });
    },
    hang: () => void process.kill(redis.pid, 'SIGSTOP'),
    wake: () => void process.kill(redis.pid, 'SIGCONT'),
    async stop() {
      await stopHung(redis);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A stopped process takes SIGTERM only when it goes on. */
async function stopHung(redis: PrivateRedis): Promise<void> {
  const stopped = redis.stop();
  try {
    process.kill(redis.pid, 'SIGCONT');
  } catch {
    // It is gone already.
  }
  await stopped;
}
