import type { StoreKeys } from '../../shared/store/keys.ts';
import { touchOperator } from '../../shared/store/operators/operator-use.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

/** A use is written down so often, by each producer. */
const AGAIN_MS = 60_000;

export interface NoteUseDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly log: { debug(fields: object, text: string): void };
  /** ms epoch */
  readonly now: () => number;
}

/**
 * Writes down when a recognized key was used, without making its request wait: a Redis that takes no writes can still be
 * looked at.
 *
 * @returns to be called at each use. @param keyHash null: the key of the environment
 */
export function createUseNote({ redis, keys, log, now }: NoteUseDeps): (keyHash: string | null) => void {
  // As many as there are operators.
  const noted = new Map<string | null, number>();
  return (keyHash) => {
    const at = now();
    if (at - (noted.get(keyHash) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
    noted.set(keyHash, at);
    touchOperator(redis, keys, keyHash, at).catch((error: unknown) => {
      log.debug(
        { event: 'operator_use_failed', reason: describeRedisError(error) },
        'cannot write down that an operator key was used',
      );
    });
  };
}
