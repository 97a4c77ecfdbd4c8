import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type RedisProcess, spawnRedis } from '../../dev/redis/redis-process.ts';
import { findFreePort } from './free-port.ts';

/** One `redis-server` process on a port of its own, with data that outlive the process. It ends with this program. */
export interface RedisNode {
  readonly name: string;
  readonly port: number;
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process is gone. */
  gone(): Promise<void>;
  /** Runs commands on a connection of its own, past the proxy. */
  ask<T>(run: (redis: Redis) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export interface RedisNodeOptions {
  readonly name: string;
  readonly binary: string;
  readonly folder: string;
  readonly password: string;
  readonly fsync: 'always' | 'everysec';
}

export async function createRedisNode(options: RedisNodeOptions): Promise<RedisNode> {
  const { name, binary, folder, password } = options;
  await mkdir(folder, { recursive: true });
  const port = await findFreePort();
  const configFile = join(folder, 'redis.conf');
  await writeFile(configFile, formatConfig(options, port));
  let process_: RedisProcess | null = null;
  let pid = 0;
  const signal = (what: NodeJS.Signals) => {
    if (process_ !== null) process.kill(pid, what);
  };
  const ask = async <T>(run: (redis: Redis) => Promise<T>): Promise<T> => {
    const redis = new Redis({
      port,
      host: '127.0.0.1',
      password,
      commandTimeout: 10_000,
      connectTimeout: 5_000,
      maxRetriesPerRequest: 2,
      enableReadyCheck: false,
    });
    // The command that fails says so itself.
    redis.on('error', () => undefined);
    try {
      return await run(redis);
    } finally {
      redis.disconnect();
    }
  };
  return {
    name,
    port,
    async start() {
      const pidFile = join(folder, 'redis.pid');
      const started = spawnRedis({ binary, configFile, pidFile, dataDir: folder });
      const outcome = await started.started;
      if (outcome.kind === 'exited') {
        throw new Error(`Cannot start ${name}: it must stay up, received:\n${outcome.lastLines.join('\n')}`);
      }
      pid = Number(await readFile(pidFile, 'utf8'));
      process_ = started;
    },
    signal,
    async gone() {
      await process_?.exited;
      process_ = null;
    },
    ask,
    async stop() {
      const stopping = process_;
      if (stopping === null) return;
      stopping.requestStop();
      // A stopped process takes SIGTERM only when it goes on; data need not be kept.
      for (const what of ['SIGCONT', 'SIGKILL'] as const) signalQuietly(pid, what);
      await stopping.exited;
      process_ = null;
    },
  };
}

function signalQuietly(pid: number, what: NodeJS.Signals): void {
  try {
    process.kill(pid, what);
  } catch {
    // It is gone already, which is what was wanted.
  }
}

function formatConfig({ password, folder, fsync }: RedisNodeOptions, port: number): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `masterauth ${password}`,
    `dir "${folder}"`,
    'appendonly yes',
    `appendfsync ${fsync}`,
    'save ""',
    'maxmemory-policy noeviction',
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    'repl-backlog-size 64mb',
    'shutdown-timeout 1',
    'daemonize no',
    'logfile ""',
    '',
  ].join('\n');
}
