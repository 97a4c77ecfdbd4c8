import { openRedis } from '../open-redis.ts';
import { closeRedis } from '../redis/close-redis.ts';
import type { Redis } from '../redis/redis-client.ts';
import type { RedisLog } from '../redis/redis-log.ts';
import { type RedisRole, redisRoles } from '../redis/redis-roles.ts';
import { waitUntilReady } from '../redis/wait-until-ready.ts';
import { createEpochKeys, type EpochKeys } from './epoch-keys.ts';

interface EpochStore {
  readonly url: string;
  readonly role: RedisRole;
  /** The Redis of everything else. */
  readonly main: Redis;
  readonly log: RedisLog;
}

/**
 * Connects to the store of epochs' keys.
 *
 * @throws {Error} when it is not there, is the Redis of everything else, writes to a disk, or evicts keys
 */
export async function openEpochKeys({ url, role, main, log }: EpochStore): Promise<EpochKeys> {
  const redis = openRedis({ url, log, name: 'veriqueue-epochs' }, role);
  try {
    await waitUntilReady(redis, redisRoles.tool.readyWithinMs);
    await refuseUnfit(redis, main);
    return createEpochKeys(redis);
  } catch (error) {
    await closeRedis(redis);
    throw error;
  }
}

async function refuseUnfit(redis: Redis, main: Redis): Promise<void> {
  const [own, other] = await Promise.all([readRunId(redis), readRunId(main)]);
  if (own !== null && own === other) {
    throw new Error(
      'EPOCH_KEYS_REDIS_URL must be another Redis than REDIS_URL, whose dump would hold the keys',
    );
  }
  await refuseEvicting(redis);
  const reasons = await listPersistence(redis);
  if (reasons.length === 0) return;
  throw new Error(
    `EPOCH_KEYS_REDIS_URL must be a Redis that writes nothing to a disk, and this one has ${reasons.join(' and ')}. Start it with --save '' --appendonly no`,
  );
}

/** A key that is evicted before its time takes all with it that waits under it. */
async function refuseEvicting(redis: Redis): Promise<void> {
  const [, policy = 'noeviction'] = /^maxmemory_policy:([\w-]+)/m.exec(await redis.info('memory')) ?? [];
  if (policy === 'noeviction') return;
  throw new Error(
    `EPOCH_KEYS_REDIS_URL must be a Redis that evicts no key, and this one has maxmemory-policy ${policy}. Start it with --maxmemory-policy noeviction`,
  );
}

async function readRunId(redis: Redis): Promise<string | null> {
  const [, id] = /^run_id:(\w+)/m.exec(await redis.info('server')) ?? [];
  return id ?? null;
}

/** What can be read of it: a service may not show its configuration. */
async function listPersistence(redis: Redis): Promise<string[]> {
  const appends = /^aof_enabled:1/m.test(await redis.info('persistence'));
  const saves = await redis.config('GET', 'save').then(
    (reply) => Array.isArray(reply) && typeof reply[1] === 'string' && reply[1] !== '',
    () => false,
  );
  return [...(appends ? ['appendonly yes'] : []), ...(saves ? ['save points'] : [])];
}
