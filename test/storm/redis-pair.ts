import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { createRedisNode, type RedisNode } from './redis-node.ts';
import { createRedisProxy, type RedisProxy } from './redis-proxy.ts';

/**
 * A primary and its replica behind one address.
 *
 * A failover waits until the replica has every write, with writers held meanwhile: what is missing afterwards was not lost
 * by asynchronous replication, which no program behind Redis can help.
 */
export interface RedisPair {
  readonly proxy: RedisProxy;
  /** The URL of a door of the proxy. */
  urlOf(port: number): string;
  primary(): RedisNode;
  /** SIGKILL, and up again after a while with the same data. */
  crash(downMs: number): Promise<void>;
  /** Accepts connections and answers nothing. */
  hang(ms: number): Promise<void>;
  restart(downMs: number): Promise<void>;
  /** @param lateMs how long the clients stay with the old primary, which refuses their writes */
  failOver(lateMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisPairOptions {
  readonly binary: string;
  readonly folder: string;
  readonly fsync: 'always' | 'everysec';
}

/** How long writers may be held while the replica catches up; Redis lets them go on by itself after that. */
const HOLD_MS = 8_000;
const SYNC_MS = 15_000;

export async function startRedisPair({ binary, folder, fsync }: RedisPairOptions): Promise<RedisPair> {
  const password = randomBytes(16).toString('hex');
  const make = (name: string) =>
    createRedisNode({ name, binary, folder: join(folder, name), password, fsync });
  let [primary, replica] = [await make('redis-a'), await make('redis-b')];
  await Promise.all([primary.start(), replica.start()]);
  await follow(replica, primary);
  const proxy = createRedisProxy(primary.port);

  const takeDown = async (signal: NodeJS.Signals, downMs: number) => {
    primary.signal(signal);
    await primary.gone();
    await sleep(downMs);
    await primary.start();
  };
  return {
    proxy,
    urlOf: (port) => `redis://:${password}@127.0.0.1:${port}`,
    primary: () => primary,
    crash: (downMs) => takeDown('SIGKILL', downMs),
    restart: (downMs) => takeDown('SIGTERM', downMs),
    async hang(ms) {
      primary.signal('SIGSTOP');
      await sleep(ms);
      primary.signal('SIGCONT');
    },
    async failOver(lateMs) {
      const [old, next] = [primary, replica];
      await awaitSync(old, next, SYNC_MS);
      await old.ask(async (redis) => {
        await redis.call('CLIENT', 'PAUSE', HOLD_MS, 'WRITE');
        await awaitSync(old, next, HOLD_MS - 2_000);
        await next.ask((other) => other.call('REPLICAOF', 'NO', 'ONE'));
        if (lateMs === 0) {
          // A client that is held here is cut before the hold ends: its command is never carried out.
          proxy.lead(next.port);
          proxy.cut();
        }
        await redis.call('REPLICAOF', '127.0.0.1', next.port);
        await redis.call('CLIENT', 'UNPAUSE');
      });
      await sleep(lateMs);
      proxy.lead(next.port);
      proxy.cut();
      [primary, replica] = [next, old];
    },
    async stop() {
      await proxy.close();
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

async function follow(replica: RedisNode, primary: RedisNode): Promise<void> {
  await replica.ask((redis) => redis.call('REPLICAOF', '127.0.0.1', primary.port));
  await awaitSync(primary, replica, SYNC_MS);
}

/** @throws Error when the replica does not have every write of the primary within the time */
async function awaitSync(primary: RedisNode, replica: RedisNode, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const [ahead, behind] = await Promise.all([primary.ask(replication), replica.ask(replication)]);
    const linked = behind.get('master_link_status') === 'up';
    const gap = Number(ahead.get('master_repl_offset')) - Number(behind.get('slave_repl_offset'));
    // The primary's own pings move its offset while no client writes.
    if (linked && gap <= 0) return;
    if (Date.now() > deadline) {
      throw new Error(
        `Cannot fail over: the replica must have every write, received ${linked ? gap : 'no'} link`,
      );
    }
    await sleep(20);
  }
}

async function replication(redis: Redis): Promise<ReadonlyMap<string, string>> {
  const lines = (await redis.info('replication')).split('\r\n');
  return new Map(lines.map((line) => [line.split(':')[0] ?? '', line.split(':')[1] ?? '']));
}
