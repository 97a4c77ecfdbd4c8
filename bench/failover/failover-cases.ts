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
  /** How long each took before Sentinel, Cluster and the search for a new primary were built in; null: it could not be run. */
  readonly before: { readonly submissions: string; readonly outcomes: string } | null;
  begin(): Promise<FailingRedis>;
}

const silent = { info: () => undefined, warn: () => undefined };
const DOWN_MS = 3_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const behindOneAddress = (
  name: string,
  [submissions, outcomes]: readonly [string, string],
  failOver: (redis: ReplicatedRedis) => Promise<number>,
): FailoverCase => ({
  name: `one address: ${name}`,
  before: { submissions, outcomes },
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
  before: null,
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
  behindOneAddress('primary killed', ['0.5 s', '0.3 s'], async (redis) => {
    await redis.first.kill();
    await pause(DOWN_MS);
    return redis.promote();
  }),
  behindOneAddress('switchover, connections cut', ['0.8 s', '1.0 s'], async (redis) => {
    await redis.switchOver();
    redis.proxy.cut();
    return Date.now();
  }),
  behindOneAddress('switchover, connections left open', ['never', '0.1 s'], async (redis) => {
    await redis.switchOver();
    return Date.now();
  }),
  behindOneAddress('packets vanish', ['1.8 s', '12.3 s'], async (redis) => {
    redis.proxy.swallow();
    return redis.promote();
  }),
  {
    name: 'sentinels: primary killed',
    before: null,
    begin: async () => {
      const sentinels = await startSentinels({ downAfterMs: 3_000 });
      return {
        url: sentinels.url,
        environment: sentinels.environment,
        connect: () => openRedis({ ...sentinels.target, log: silent }, 'unbatched'),
        failOver: async () => {
          const killed = await sentinels.primary();
          await sentinels.killPrimary();
          // As the sentinels say: they hear of it within a second.
          while ((await sentinels.primary()) === killed) await pause(10);
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
