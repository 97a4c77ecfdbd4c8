import { type AccountKeys, accountKeys, type LaneKeys, laneKeys } from '../shared/store/keys.ts';
import { type AtomicFlow, createAtomicFlow } from '../shared/store/queue/atomic-flow.ts';
import { closeRedis, connectRedis, waitUntilReady } from '../shared/store/redis/connect.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';

export interface Connection {
  readonly keys: LaneKeys;
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

const READY_WITHIN_MS = 5_000;
/** A connection that comes and goes tells by the error of the command that needed it. */
const silent = { info: () => undefined, warn: () => undefined };

/** @throws {Error} when Redis is not there */
export async function openConnection({ url, lane, caFile }: ConnectionOptions): Promise<Connection> {
  const keys = laneKeys(lane);
  const trusted = caFile === undefined ? {} : { caFile };
  const open = () => connectRedis({ url, role: 'request', log: silent, name: 'veriqueue-cli', ...trusted });
  const [redis, flowRedis] = [open(), open()];
  const closeAll = () => Promise.all([redis, flowRedis].map(closeRedis));
  try {
    await Promise.all([redis, flowRedis].map((client) => waitUntilReady(client, READY_WITHIN_MS)));
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
