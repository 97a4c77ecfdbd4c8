import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
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

/** A {@link TestLane} for the tests of a file: started before the first and stopped after the last. */
export function useTestLane(): TestLane {
  let started: TestLane | undefined;
  beforeAll(async () => {
    started = await startTestLane();
  });
  afterAll(() => started?.stop());
  const get = <Part extends keyof TestLane>(part: Part): TestLane[Part] => {
    if (started === undefined) throw new Error(`Cannot use ${part}: the tests of the file must have begun`);
    return started[part];
  };
  return {
    get server() {
      return get('server');
    },
    get redis() {
      return get('redis');
    },
    get keyRing() {
      return get('keyRing');
    },
    freshKeys: () => get('freshKeys')(),
    freshAccountKeys: () => get('freshAccountKeys')(),
    connect: () => get('connect')(),
    stop: () => get('stop')(),
  };
}
