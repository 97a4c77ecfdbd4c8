import type { Redis as IoRedis } from 'ioredis';
import { asCluster, nodeOf } from './closable-cluster.ts';
import type { Redis } from './redis-client.ts';

/** Which history of writes the Redis that answers for a key goes on with. */
export interface WriteHistory {
  /** A connection has been made since it was last looked at: it may lead to another server. */
  readonly mayBeAnother: boolean;
  /**
   * Looks at it, if it may be another one.
   *
   * @returns its id, where it is another one than at the last look: a replica was promoted, or the server has started again. Either
   * may lack the latest writes, although they were confirmed.
   * @throws whatever ioredis throws
   */
  findAnother(): Promise<string | undefined>;
}

/**
 * Watches it by `master_replid` of INFO, which replicas share with their primary, and which a promotion and a start renew
 * (https://redis.io/docs/latest/operate/oss_and_stack/management/replication, "Replication ID explained"). A server that shows none
 * is never taken for another one.
 *
 * @param key of a cluster, the node that answers for it is looked at
 */
export function watchWriteHistory(redis: Redis, key: string): WriteHistory {
  const connections = countConnections(redis);
  const cluster = asCluster(redis);
  const whereNow = () => `${connections.count} ${cluster && nodeOf(cluster, key)}`;
  let lookedAt: string | undefined;
  let known: string | undefined;
  return {
    get mayBeAnother() {
      return lookedAt !== whereNow();
    },
    findAnother: async () => {
      const place = whereNow();
      if (place === lookedAt) return undefined;
      const found = await readHistoryId(redis, key);
      // A connection that was made meanwhile is looked at by the next call.
      lookedAt = place;
      const before = known;
      known = found ?? known;
      return before !== undefined && found !== undefined && found !== before ? found : undefined;
    },
  };
}

async function readHistoryId(redis: Redis, key: string): Promise<string | undefined> {
  const cluster = asCluster(redis);
  const isHome = ({ options }: IoRedis) =>
    cluster !== undefined && `${options.host}:${options.port}` === nodeOf(cluster, key);
  const server = cluster === undefined ? redis : cluster.nodes('master').find(isHome);
  const info = await server?.info('replication');
  return /^master_replid:(\w+)/m.exec(info ?? '')?.[1];
}

/** One listener for each connection, however many keys are watched over it. */
const counters = new WeakMap<Redis, { readonly count: number }>();

function countConnections(redis: Redis): { readonly count: number } {
  const known = counters.get(redis);
  if (known !== undefined) return known;
  const counter = { count: 0 };
  counters.set(redis, counter);
  const note = () => {
    counter.count += 1;
  };
  const cluster = asCluster(redis);
  if (cluster === undefined) {
    redis.on('ready', note);
    return counter;
  }
  const watchNode = (node: IoRedis) => {
    note();
    node.on('ready', note);
  };
  for (const node of cluster.nodes()) watchNode(node);
  cluster.on('+node', watchNode);
  return counter;
}
