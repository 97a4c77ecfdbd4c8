import { type AccountKeys, accountKeys, type StoreKeys, storeKeys } from '../shared/store/keys.ts';
import { openRedis, type RedisTarget } from '../shared/store/open-redis.ts';
import { type AtomicFlow, createAtomicFlow } from '../shared/store/queue/atomic-flow.ts';
import { closeRedis } from '../shared/store/redis/close-redis.ts';
import { readFitness } from '../shared/store/redis/fitness.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { redisRoles } from '../shared/store/redis/redis-roles.ts';
import { waitUntilReady } from '../shared/store/redis/wait-until-ready.ts';

export interface Connection {
  readonly keys: StoreKeys;
  /** Of the lane for test keys; null without `TEST_LANE`. */
  readonly testKeys: StoreKeys | null;
  readonly accountKeys: AccountKeys;
  readonly redis: Redis;
  /** Changed by `flow`, which is made of it. */
  readonly flow: AtomicFlow;
  /** @throws {Error} for a Redis that producers and workers refuse for good: what is written there would not be kept */
  requireFit(): Promise<void>;
  close(): Promise<void>;
}

/** As the servers' settings. */
export interface ConnectionOptions {
  readonly target: RedisTarget;
  readonly lane: string;
  readonly testLane?: string | undefined;
}

/** What is wrong with a connection is in the error of the command that needed it. */
const silent = { info: () => undefined, warn: () => undefined };

/** @throws {Error} when Redis is not there */
export async function openConnection({ target, lane, testLane }: ConnectionOptions): Promise<Connection> {
  const keys = storeKeys(lane);
  const open = () =>
    openRedis({ ...target, home: keys.writeProbe(), log: silent, name: 'veriqueue-cli' }, 'tool');
  const [redis, flowRedis] = [open(), open()];
  const closeAll = () => Promise.all([redis, flowRedis].map(closeRedis));
  try {
    await Promise.all(
      [redis, flowRedis].map((client) => waitUntilReady(client, redisRoles.tool.readyWithinMs)),
    );
  } catch (error) {
    await closeAll();
    throw error;
  }
  const flow = createAtomicFlow(flowRedis, keys.queuePrefix, () => undefined);
  return {
    keys,
    testKeys: testLane === undefined ? null : storeKeys(testLane),
    accountKeys: accountKeys(lane),
    redis,
    flow,
    requireFit: async () => {
      const fitness = await readFitness(redis);
      // A replica, or one that loads, is read from; what it refuses, it says.
      if (fitness.kind === 'unfit') throw new Error(`This Redis does not fit: ${fitness.reasons.join('; ')}`);
    },
    close: async () => {
      await flow.close();
      await closeAll();
    },
  };
}
