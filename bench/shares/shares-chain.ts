import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { RunningProcess } from '../../dev/start/child.ts';
import type { Priority } from '../../shared/contract/verification.ts';
import { type StoreKeys, storeKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { startBenchWorker } from '../bench-process.ts';
import { type BenchRedis, silentLog, startBenchRedis } from '../bench-redis.ts';
import { startChild } from '../child.ts';
import { createSubmitter, makeKeyText, openKeyRing } from '../submitter.ts';
import type { UpstreamOrders } from './recording-upstream.ts';

const LANE = 'shares';
const PHOTO_BYTES = 2_000;
const SUBMITTED_AT_ONCE = 64;

/** One call as it arrived at the upstream. */
export interface RecordedCall {
  readonly client: number;
  /** Counts a client's verifications, from 0. */
  readonly serial: number;
  /** ms epoch */
  readonly atMs: number;
}

/** Redis, workers and a recording upstream; clients are numbers. */
export interface SharesChain {
  readonly keys: StoreKeys;
  readonly redis: BenchRedis['redis'];
  readonly workers: RunningProcess[];
  addWorker(): Promise<void>;
  /** @returns when it was submitted, ms epoch */
  submit(client: number, serial: number): Promise<number>;
  /** Puts verifications into the queue as fast as Redis takes them. */
  fill(client: number, count: number): Promise<void>;
  setWeight(client: number, weight: number): Promise<void>;
  /** Since the last time. */
  takeCalls(): Promise<readonly RecordedCall[]>;
  stop(): Promise<void>;
}

export interface SharesChainOptions {
  readonly quotaPerSecond: number;
  readonly priority: Priority;
  readonly upstream: Omit<UpstreamOrders, 'transientPrefix'> & { readonly transientClients: 'all' | 'first' };
  readonly say: (line: string) => void;
}

const arrivals = z.array(z.tuple([z.string(), z.number()]));

/** `9999` and the client in three digits, then its verification. */
const idCardOf = (client: number, serial: number) =>
  `9999${String(client).padStart(3, '0')}${String(serial).padStart(11, '0')}`;

export async function startSharesChain(options: SharesChainOptions): Promise<SharesChain> {
  const { latencyMs, transient, transientClients } = options.upstream;
  const server = await startBenchRedis(options.say);
  const transientPrefix = transientClients === 'all' ? '9999' : idCardOf(0, 0).slice(0, 7);
  const orders: UpstreamOrders = { latencyMs, transient, transientPrefix };
  const upstream = await startChild(new URL('recording-upstream.ts', import.meta.url), orders);
  const keyText = makeKeyText();
  const keys = storeKeys(LANE);
  const redis = openRedis({ url: server.url, log: silentLog, name: 'bench-producer' }, 'unbatched');
  await waitUntilReady(redis, 10_000);
  const submitter = createSubmitter(redis, {
    keys,
    keyRing: openKeyRing(keyText),
    clientId: 'client_0',
    priority: options.priority,
  });
  const photo = randomBytes(PHOTO_BYTES);
  const workers: RunningProcess[] = [];
  const submit = async (client: number, serial: number): Promise<number> => {
    const at = Date.now();
    await submitter.submit({ idCard: idCardOf(client, serial), name: '测试', photo }, `client_${client}`);
    return at;
  };
  return {
    keys,
    redis: server.redis,
    workers,
    addWorker: async () => {
      workers.push(
        await startBenchWorker({
          redisUrl: server.url,
          lane: LANE,
          keyText,
          environment: {
            FACEID_ENDPOINT: upstream.url,
            QUOTA_PER_SECOND: String(options.quotaPerSecond),
            RETRY_BASE: '1s',
          },
        }),
      );
    },
    submit,
    fill: async (client, count) => {
      for (let done = 0; done < count; done += SUBMITTED_AT_ONCE) {
        const size = Math.min(SUBMITTED_AT_ONCE, count - done);
        await Promise.all(Array.from({ length: size }, (_, i) => submit(client, done + i)));
      }
    },
    setWeight: async (client, weight) => {
      await server.redis.hset(keys.client(`client_${client}`), 'weight', weight);
    },
    takeCalls: async () =>
      arrivals.parse(await upstream.ask({ take: true })).map(([idCard, atMs]) => ({
        client: Number(idCard.slice(4, 7)),
        serial: Number(idCard.slice(7)),
        atMs,
      })),
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await upstream.stop();
      await submitter.close();
      await closeRedis(redis);
      await server.stop();
    },
  };
}
