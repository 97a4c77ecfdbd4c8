import { openRedis } from '../../shared/store/open-redis.ts';
import type { OtherRedis } from '../../test/support/chain.ts';
import { startRedisCluster } from '../../test/support/redis-cluster.ts';
import { type ReplicatedRedis, startReplicatedRedis } from '../../test/support/replicated-redis.ts';
import { startSentinels } from '../../test/support/sentinels.ts';

export interface FailingRedis extends OtherRedis {
  /**
   * @param key of the namespace under load
   * @returns when another server was the primary, ms epoch
   */
  failOver(key: string): Promise<number>;
  stop(): Promise<void>;
}

export interface FailoverCase {
  readonly name: string;
  begin(): Promise<FailingRedis>;
}

const silent = { info: () => undefined, warn: () => undefined };
const DOWN_MS = 3_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const behindOneAddress = (
  name: string,
  failOver: (redis: ReplicatedRedis) => Promise<number>,
): FailoverCase => ({
  name: `one address: ${name}`,
  begin: async () => {
    const redis = await startReplicatedRedis();
    return {
      url: redis.url,
      connect: () => openRedis({ url: redis.url, log: silent }, 'unbatched'),
      failOver: () => failOver(redis),
      stop: redis.stop,
    };
  },
});

const onCluster = (
  name: string,
  failOver: (cluster: Awaited<ReturnType<typeof startRedisCluster>>, key: string) => Promise<number>,
): FailoverCase => ({
  name: `cluster: ${name}`,
  begin: async () => {
    const cluster = await startRedisCluster();
    return {
      url: cluster.url,
      connect: () => openRedis({ url: cluster.url, log: silent }, 'unbatched'),
      failOver: (key) => failOver(cluster, key),
      stop: cluster.stop,
    };
  },
});

export const FAILOVER_CASES: readonly FailoverCase[] = [
  behindOneAddress('primary killed', async (redis) => {
    await redis.first.kill();
    await pause(DOWN_MS);
    return redis.promote();
  }),
  behindOneAddress('switchover, connections cut', async (redis) => {
    await redis.switchOver();
    redis.proxy.cut();
    return Date.now();
  }),
  behindOneAddress('switchover, connections left open', async (redis) => {
    await redis.switchOver();
    return Date.now();
  }),
  behindOneAddress('packets vanish', async (redis) => {
    redis.proxy.swallow();
    return redis.promote();
  }),
  {
    name: 'sentinels: primary killed',
    begin: async () => {
      const sentinels = await startSentinels({ downAfterMs: 3_000 });
      return {
        url: sentinels.url,
        environment: sentinels.environment,
        connect: () => openRedis({ ...sentinels.target, log: silent }, 'unbatched'),
        failOver: async () => {
          const { promoted } = await sentinels.killPrimary();
          await promoted;
          return Date.now();
        },
        stop: sentinels.stop,
      };
    },
  },
  onCluster('primary of the lane killed', async (cluster, key) => {
    const { promoted } = await cluster.killPrimaryOf(key);
    await promoted;
    return Date.now();
  }),
  onCluster('slot moved', async (cluster, key) => {
    await cluster.moveSlotOf(key);
    return Date.now();
  }),
  onCluster('all nodes stopped for 5 s', async (cluster) => {
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    await pause(5_000);
    await Promise.all(cluster.nodes.map((node) => node.start()));
    return Date.now();
  }),
];
