import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { generateKey } from '../../shared/sealing/generate-keys.ts';
import { type KeyRing, parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { type AccountKeys, accountKeys, type StoreKeys, storeKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { startTestRedis, type TestRedis } from './redis.ts';

/** A Redis with connections for one test file, and a lane of its own for each test. */
export interface TestLane {
  readonly server: TestRedis;
  readonly redis: Redis;
  readonly keyRing: KeyRing;
  freshKeys(): StoreKeys;
  freshAccountKeys(): AccountKeys;
  connect(): Promise<Redis>;
  stop(): Promise<void>;
}

const silent = { info: () => undefined, warn: () => undefined };

export function makeKeyRing(): KeyRing {
  const parsed = parseKeyRing(generateKey(randomBytes));
  if (!parsed.ok) throw new Error(parsed.errors.join());
  return parsed.keyRing;
}

export async function startTestLane(): Promise<TestLane> {
  const server = await startTestRedis();
  const open: Redis[] = [];
  const connect = async () => {
    const redis = openRedis({ url: server.url, log: silent }, 'unbatched');
    open.push(redis);
    await waitUntilReady(redis, 5_000);
    return redis;
  };
  let lanes = 0;
  return {
    server,
    redis: await connect(),
    keyRing: makeKeyRing(),
    freshKeys: () => {
      lanes += 1;
      return storeKeys(`test-${lanes}`);
    },
    freshAccountKeys: () => {
      lanes += 1;
      return accountKeys(`test-${lanes}`);
    },
    connect,
    stop: async () => {
      await Promise.all(open.map(closeRedis));
      await server.stop();
    },
  };
}
