import { type AccountKeys, accountKeys, type StoreKeys, storeKeys } from '../shared/store/keys.ts';
import { openRedis } from '../shared/store/open-redis.ts';
import { type AtomicFlow, createAtomicFlow } from '../shared/store/queue/atomic-flow.ts';
import { closeRedis } from '../shared/store/redis/close-redis.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { redisRoles } from '../shared/store/redis/redis-roles.ts';
import { waitUntilReady } from '../shared/store/redis/wait-until-ready.ts';

export interface Connection {
  readonly keys: StoreKeys;
  readonly accountKeys: AccountKeys;
  readonly redis: Redis;
  /** Changed by `flow`, which is made of it. */
  readonly flow: AtomicFlow;
  close(): Promise<void>;
}

/** As the servers' settings `REDIS_URL`, `LANE` and `REDIS_CA_FILE`. */
export interface ConnectionOptions {
  readonly url: string;
  readonly lane: string;
  readonly caFile: string | undefined;
}

/** What is wrong with a connection is in the error of the command that needed it. */
const silent = { info: () => undefined, warn: () => undefined };

/** @throws {Error} when Redis is not there */
export async function openConnection({ url, lane, caFile }: ConnectionOptions): Promise<Connection> {
  const keys = storeKeys(lane);
  const open = () => openRedis({ url, caFile, log: silent, name: 'veriqueue-cli' }, 'tool');
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
    accountKeys: accountKeys(lane),
    redis,
    flow,
    close: async () => {
      await flow.close();
      await closeAll();
    },
  };
}
