import type { StoreKeys } from '../../shared/store/keys.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

/** A use is written down so often, by each producer. */
const AGAIN_MS = 60_000;

/** Keys whose last use is remembered; beyond, one is written down again before its minute is over. */
const MOST_KEYS = 10_000;

export interface NoteUseDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly log: { debug(fields: object, text: string): void };
  /** ms epoch */
  readonly now: () => number;
}

interface KindOfKey<Key> {
  readonly touch: (redis: Redis, keys: StoreKeys, key: Key, now: number) => Promise<void>;
  /** Called when a use could not be written down. */
  readonly onFailure: (reason: string) => void;
}

/**
 * Writes down when a recognized key was used, once a minute for each key at most, and without making its request wait: a
 * Redis that takes no writes can still be looked at.
 *
 * @returns to be called at each use, with what `touch` takes for a key
 */
export function createUseNote<Key>(
  { redis, keys, now }: NoteUseDeps,
  { touch, onFailure }: KindOfKey<Key>,
): (key: Key) => void {
  const noted = new Map<Key, number>();
  return (key) => {
    const at = now();
    if (at - (noted.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
    if (noted.size >= MOST_KEYS) noted.clear();
    noted.set(key, at);
    touch(redis, keys, key, at).catch((error: unknown) => onFailure(describeRedisError(error)));
  };
}
