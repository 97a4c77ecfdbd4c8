import { randomBytes } from 'node:crypto';
import { EPOCH_KEY_LIFE_MS, type EpochKey, epochOf } from '../../sealing/epoch-wrap.ts';
import { closeRedis } from '../redis/close-redis.ts';
import type { Redis } from '../redis/redis-client.ts';

/** Keys of epochs, in a Redis that writes nothing to a disk. */
export interface EpochKeys {
  /** Of the present epoch; made by the first process that asks. @throws errors of Redis */
  current(): Promise<EpochKey>;
  /** Null: it is destroyed, and what it has wrapped is lost. @throws errors of Redis */
  find(epoch: number): Promise<EpochKey | null>;
  close(): Promise<void>;
}

const KEY_BYTES = 32;
/** So long a process relies on the store having the present key: what it wraps meanwhile could be lost with the store. */
const CONFIRMED_MS = 1_000;

const nameOf = (epoch: number): string => `vq-epoch:${epoch}`;

/** @param now ms epoch */
export function createEpochKeys(redis: Redis, now: () => number): EpochKeys {
  let known: readonly EpochKey[] = [];
  let confirmedAt = Number.NEGATIVE_INFINITY;
  /** A process forgets a key no later than the store does. */
  const prune = () => {
    const oldest = epochOf(now() - EPOCH_KEY_LIFE_MS);
    for (const { epoch, bytes } of known) if (epoch < oldest) bytes.fill(0);
    known = known.filter(({ epoch }) => epoch >= oldest);
  };
  const remember = (epoch: number, bytes: Buffer | null): EpochKey | null => {
    if (bytes === null || bytes.length !== KEY_BYTES) return null;
    const key = { epoch, bytes };
    known = [key, ...known.filter((each) => each.epoch !== epoch)];
    return key;
  };
  const find = async (epoch: number): Promise<EpochKey | null> => {
    prune();
    const found = known.find((key) => key.epoch === epoch);
    return found ?? remember(epoch, await redis.getBuffer(nameOf(epoch)));
  };
  return {
    find,
    current: async () => {
      prune();
      const epoch = epochOf(now());
      const found = known.find((key) => key.epoch === epoch);
      if (found !== undefined && Math.abs(now() - confirmedAt) < CONFIRMED_MS) return found;
      // Of several processes at once, the first one's key stays; a store that has lost its keys is given this one back.
      const own = found?.bytes ?? randomBytes(KEY_BYTES);
      await redis.set(nameOf(epoch), own, 'PX', EPOCH_KEY_LIFE_MS, 'NX');
      const kept = remember(epoch, await redis.getBuffer(nameOf(epoch)));
      if (kept === null)
        throw new Error(`The Redis of EPOCH_KEYS_REDIS_URL does not keep the key of ${epoch}`);
      confirmedAt = now();
      return kept;
    },
    close: () => closeRedis(redis),
  };
}
