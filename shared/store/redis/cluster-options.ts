import type { ClusterOptions, RedisOptions } from 'ioredis';
import { computeReconnectDelayMs, type RedisRole, redisRoles } from './redis-roles.ts';

/** A slot that fails over answers again within some seconds; what waits for it asks this often. */
const ASK_AGAIN_MS = 100;

/** For what waits however long it takes. */
const WITHOUT_END = 1_000_000_000;

/** How often what fails fast follows a slot that has moved. */
const REDIRECTIONS = 8;

/** The nodes' addresses may have changed without a word, as when a whole shard was replaced. */
const LOOK_AT_SLOTS_MS = 2_000;

/**
 * A role's options for a cluster.
 *
 * What fails fast repeats nothing but what a node refused to take: by default, ioredis sends a MULTI whose answer was lost a
 * second time. There is no `clusterNodeRetryStrategy`: a node that is removed between two tries never settles its commands.
 *
 * @param access user, password, TLS, family, name
 */
export function clusterOptionsOf(role: RedisRole, access: Partial<RedisOptions>): ClusterOptions {
  const { options, failsFast } = redisRoles[role];
  const { retryStrategy: _, enableOfflineQueue: __, ...forNodes } = options;
  const askAgain = failsFast ? 0 : ASK_AGAIN_MS;
  return {
    redisOptions: { ...forNodes, ...access } as NonNullable<ClusterOptions['redisOptions']>,
    clusterRetryStrategy: (attempt) => computeReconnectDelayMs(attempt, Math.random()),
    retryDelayOnFailover: askAgain,
    retryDelayOnClusterDown: askAgain,
    retryDelayOnTryAgain: askAgain,
    maxRedirections: failsFast ? REDIRECTIONS : WITHOUT_END,
    scaleReads: 'master',
    slotsRefreshInterval: LOOK_AT_SLOTS_MS,
    // Nodes keep the names that the cluster gives them: certificates are made out to those.
    dnsLookup: (address, callback) => callback(null, address),
    ...(role === 'probe' ? { lazyConnect: true, clusterRetryStrategy: null } : {}),
  };
}
