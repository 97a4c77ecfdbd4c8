import type { RunningProcess } from '../../dev/start/child.ts';
import { type ClientCredentials, createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { startBenchWorker } from '../bench-process.ts';
import { silentLog } from '../bench-redis.ts';
import { startChild } from '../child.ts';
import { makeKeyText, openKeyRing } from '../submitter.ts';
import type { Chain, ChainSurroundings } from './chain.ts';
import type { VeriqueueSubmitterOrders } from './veriqueue-submitter.ts';

export const LANE = 'bench';
/** Far above what a machine does, so that pace is not what is measured. */
export const QUOTA_PER_SECOND = 5_000;

/** The worker as it runs in production, and the producer's way of submitting. */
export async function startVeriqueueChain(surroundings: ChainSurroundings): Promise<Chain> {
  const { redisUrl, photoBytes } = surroundings;
  const keyText = makeKeyText();
  const { clientId } = await registerClient(surroundings, keyText);
  const worker = await startUnlimitedWorker(surroundings, keyText);
  const orders: VeriqueueSubmitterOrders = { redisUrl, lane: LANE, keyText, clientId, photoBytes };
  const submitter = await startChild(new URL('veriqueue-submitter.ts', import.meta.url), orders);
  return {
    submit: async (order) => void (await submitter.ask(order)),
    stop: async () => {
      await submitter.stop();
      await worker.stop();
    },
  };
}

export async function registerClient(
  { redisUrl, receiverUrl }: Pick<ChainSurroundings, 'redisUrl' | 'receiverUrl'>,
  keyText: string,
): Promise<ClientCredentials> {
  const redis = openRedis({ url: redisUrl, log: silentLog, name: 'bench' }, 'unbatched');
  try {
    await waitUntilReady(redis, 10_000);
    return await createClient(
      { redis, keys: storeKeys(LANE), keyRing: openKeyRing(keyText) },
      { name: 'bench', callbackUrl: receiverUrl, allowedOrigins: ['*'], now: Date.now() },
    );
  } finally {
    await closeRedis(redis);
  }
}

/** Its quota is lifted, so that pace is not what is measured. */
export function startUnlimitedWorker(
  { redisUrl, upstreamUrl, concurrency }: Omit<ChainSurroundings, 'receiverUrl' | 'photoBytes'>,
  keyText: string,
): Promise<RunningProcess> {
  return startBenchWorker({
    redisUrl,
    lane: LANE,
    keyText,
    environment: {
      FACEID_ENDPOINT: upstreamUrl,
      QUOTA_PER_SECOND: String(QUOTA_PER_SECOND),
      WORKER_CONCURRENCY: String(concurrency),
      DELIVERY_CONCURRENCY: String(concurrency),
    },
  });
}
