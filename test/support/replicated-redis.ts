import { Redis } from 'ioredis';
import { type RedisNode, startRedisNode } from './redis-node.ts';
import { type RedisProxy, startRedisProxy } from './redis-proxy.ts';

/** A primary and a replica behind one address, as a managed Redis is. */
export interface ReplicatedRedis {
  /** Of the address. */
  readonly url: string;
  readonly proxy: RedisProxy;
  readonly first: RedisNode;
  readonly second: RedisNode;
  /** The replica becomes the primary and the primary its replica; the address leads to the new one from now on. */
  switchOver(): Promise<void>;
  /** The replica becomes the primary, whatever the old one does; the address leads to it. @returns ms epoch of that */
  promote(): Promise<number>;
  stop(): Promise<void>;
}

const PASSWORD = 'of-redis';

export async function startReplicatedRedis(): Promise<ReplicatedRedis> {
  const lines = [
    `requirepass ${PASSWORD}`,
    `masterauth ${PASSWORD}`,
    'appendonly yes',
    'save ""',
    'repl-diskless-sync-delay 0',
  ];
  const access = { password: PASSWORD };
  const first = await startRedisNode({ lines, access });
  const second = await startRedisNode({ lines: [...lines, `replicaof 127.0.0.1 ${first.port}`], access });
  const clientOf = ({ port }: RedisNode) => {
    const client = new Redis({ host: '127.0.0.1', port, password: PASSWORD });
    client.on('error', () => undefined);
    return client;
  };
  const clients = { first: clientOf(first), second: clientOf(second) };
  const untilSynced = async (primary: Redis) => {
    while (!(await primary.info('replication')).includes('state=online'))
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await untilSynced(clients.first);
  const proxy = await startRedisProxy(first.port);
  return {
    url: `redis://:${PASSWORD}@127.0.0.1:${proxy.port}`,
    proxy,
    first,
    second,
    switchOver: async () => {
      await clients.first.wait(1, 5_000);
      await clients.second.replicaof('NO', 'ONE');
      await clients.first.replicaof('127.0.0.1', second.port);
      proxy.pointTo(second.port);
      await untilSynced(clients.second);
    },
    promote: async () => {
      await clients.second.replicaof('NO', 'ONE');
      proxy.pointTo(second.port);
      return Date.now();
    },
    stop: async () => {
      for (const client of Object.values(clients)) client.disconnect();
      await proxy.close();
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}
