import { type SortedSetEntry, walkSortedSet } from '../../shared/store/endpoints/walk-sorted-set.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

/**
 * Goes through a sorted set a part at a time, one part a sweep, and begins again at its end. What a sweep costs does not
 * grow with the set, and an entry that nothing can be done about is passed by.
 */
export interface SweepWalk {
  /** The next entries' members, as many as `limit` at most. */
  take(limit: number): Promise<string[]>;
}

const PAGE_SIZE = 500;

/** @param maxScore of what is looked at, asked each time a walk begins */
export function createSweepWalk(redis: Redis, key: string, maxScore: () => number): SweepWalk {
  let walk: AsyncGenerator<SortedSetEntry> | null = null;
  return {
    take: async (limit) => {
      walk ??= walkSortedSet(redis, { key, min: 0, max: maxScore(), pageSize: PAGE_SIZE });
      const current = walk;
      // A walk that fails begins again.
      walk = null;
      const members: string[] = [];
      while (members.length < limit) {
        const next = await current.next();
        if (next.done) return members;
        members.push(next.value.member);
      }
      walk = current;
      return members;
    },
  };
}
