import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { createSweepWalk } from './sweep-walk.ts';

/** Looked at in a sweep, and in one script. 5,000 cost Redis some 20 ms, in ten parts. */
export const LOOKED_AT = 5_000;
const PAGE = 500;

type Pages = (look: (ids: readonly string[]) => Promise<void>) => Promise<boolean>;

/** Looks at the next part of a whole sorted set each time it is called, page by page. */
export function pagesOf(redis: Redis, key: string): Pages {
  const walk = createSweepWalk(redis, key, () => Number.MAX_SAFE_INTEGER);
  return async (look) => {
    for (let looked = 0; looked < LOOKED_AT; looked += PAGE) {
      const ids = await walk.take(PAGE);
      if (ids.length > 0) await look(ids);
      if (ids.length < PAGE) return false;
    }
    // A backlog is no reason to hurry.
    return false;
  };
}
