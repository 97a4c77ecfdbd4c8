import { z } from 'zod';
import type { StoreKeys } from '../keys.ts';
import type { Redis } from '../redis/redis-client.ts';
import { loadScript } from '../redis/script.ts';

const giveBackSilentScript = loadScript(new URL('../scripts/give-back-silent.lua', import.meta.url));

const ids = z.array(z.string());
const givenBack = z
  .tuple([ids, ids, ids])
  .transform(([workers, verifications, deliveries]) => ({ workers, verifications, deliveries }));

/** Workers that were found silent, and the ids of the jobs that they held in the two queues. */
export type GivenBack = z.infer<typeof givenBack>;

/**
 * Gives back what workers held that have fallen silent, instead of waiting until its locks run out. BullMQ's locks name their
 * worker (see `createQueueWorker`).
 *
 * A worker is silent when others went on writing heartbeats for 3 s and it did not. An outage, a full Redis, a failover
 * or a machine that was suspended silences all of them; what counts then begins with the first heartbeat that Redis takes, and
 * again with each worker that comes back, so that every one has the whole time to do so. All of it is read off one clock, that
 * of Redis. A process that was started a moment ago goes on where the one before it stopped: kills that follow one another do
 * not make the wait longer.
 *
 * Rejected: each worker counting in its own memory for how many of its heartbeats another was silent. With kills that overlap,
 * those who count are killed too.
 *
 * @param cutOff whether the caller has been without Redis since it looked last
 * @throws what ioredis throws
 */
export async function giveBackSilent(redis: Redis, keys: StoreKeys, cutOff: boolean): Promise<GivenBack> {
  const verifications = keys.queueStart(keys.verificationQueue);
  const deliveries = keys.queueStart(keys.deliveryQueue);
  return givenBack.parse(
    await giveBackSilentScript(
      redis,
      [keys.heartbeats(), keys.heartbeatWatch(), verifications, deliveries],
      [cutOff ? 1 : 0],
    ),
  );
}
