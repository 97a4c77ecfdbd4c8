import { randomBytes } from 'node:crypto';
import { type EpochKey, endOfEpochKey, epochOf } from '../../sealing/epoch-wrap.ts';
import { closeRedis } from '../redis/close-redis.ts';
import type { Redis } from '../redis/redis-client.ts';
import { clockOfStore } from './epoch-clock.ts';

/** Keys of epochs, in a Redis that writes nothing to a disk. */
export interface EpochKeys {
  /** Of the present epoch, by the store's clock; made by the first process that asks. @throws errors of Redis */
  current(): Promise<EpochKey>;
  /** Null: it is destroyed, and what it has wrapped is lost. @throws errors of Redis */
  find(epoch: number): Promise<EpochKey | null>;
  close(): Promise<void>;
}

const KEY_BYTES = 32;
/** So long a process relies on the store having the present key: what it wraps meanwhile could be lost with the store. */
const CONFIRMED_MS = 1_000;

const nameOf = (epoch: number): string => `vq-epoch:${epoch}`;

/** @param clock of the store: a process whose clock is fast would make the keys of later epochs early, and end them early */
export function createEpochKeys(redis: Redis, clock = clockOfStore(redis)): EpochKeys {
  let known: readonly EpochKey[] = [];
  /** The store's time at an instant of `elapsed`. */
  let reading: { readonly at: number; readonly elapsed: number } | null = null;
  let confirmed: { readonly key: EpochKey; readonly elapsed: number } | null = null;
  let confirming: Promise<EpochKey> | null = null;

  const estimate = (): number =>
    reading === null ? Number.NEGATIVE_INFINITY : reading.at + clock.elapsed() - reading.elapsed;
  const readTime = async (): Promise<number> => {
    const at = await clock.read();
    reading = { at, elapsed: clock.elapsed() };
    return at;
  };
  /** A process forgets a key no later than the store does. */
  const prune = (at: number) => {
    for (const { epoch, bytes } of known) if (endOfEpochKey(epoch) <= at) bytes.fill(0);
    known = known.filter(({ epoch }) => endOfEpochKey(epoch) > at);
  };
  const remember = (epoch: number, bytes: Buffer | null): EpochKey | null => {
    if (bytes === null || bytes.length !== KEY_BYTES) return null;
    const key = { epoch, bytes };
    known = [key, ...known.filter((each) => each.epoch !== epoch)];
    return key;
  };
  const confirm = async (): Promise<EpochKey> => {
    const at = await readTime();
    prune(at);
    const epoch = epochOf(at);
    const name = nameOf(epoch);
    // Of several processes at once, the first one's key stays; a store that has lost its keys is given this one back.
    const own = known.find((key) => key.epoch === epoch)?.bytes ?? randomBytes(KEY_BYTES);
    // The end is set each time: a process of the version before, whose clock is fast, may have set an earlier one.
    await redis.multi().set(name, own, 'NX').pexpireat(name, endOfEpochKey(epoch)).exec();
    const kept = remember(epoch, await redis.getBuffer(name));
    if (kept === null) {
      throw new Error(`The Redis of EPOCH_KEYS_REDIS_URL does not keep the key of ${epoch}`);
    }
    confirmed = { key: kept, elapsed: clock.elapsed() };
    return kept;
  };
  return {
    find: async (epoch) => {
      prune(estimate());
      const found = known.find((key) => key.epoch === epoch);
      if (found !== undefined) return found;
      const [bytes] = await Promise.all([redis.getBuffer(nameOf(epoch)), readTime()]);
      return remember(epoch, bytes);
    },
    current: async () => {
      const at = estimate();
      prune(at);
      const isFresh = confirmed !== null && clock.elapsed() - confirmed.elapsed < CONFIRMED_MS;
      if (confirmed !== null && isFresh && confirmed.key.epoch === epochOf(at)) return confirmed.key;
      confirming ??= confirm().finally(() => {
        confirming = null;
      });
      return confirming;
    },
    close: () => closeRedis(redis),
  };
}
