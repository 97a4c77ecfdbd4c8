import type { Redis } from 'ioredis';

export interface SortedSetEntry {
  readonly member: string;
  readonly score: number;
}

export interface SortedSetWalk {
  readonly key: string;
  /** Both inclusive. */
  readonly min: number;
  readonly max: number;
  /** Entries held in memory at a time. */
  readonly pageSize: number;
}

/**
 * Every entry of a sorted set within a range of scores, lowest first, page by page.
 *
 * The set may change meanwhile, because the caller takes entries out. An offset would then skip as many; instead each
 * page begins at the last entry that was given out, by score and, among equal scores, by name.
 */
export async function* walkSortedSet(redis: Redis, walk: SortedSetWalk): AsyncGenerator<SortedSetEntry> {
  let last: SortedSetEntry | null = null;
  let size = walk.pageSize;
  for (;;) {
    const min: number = last?.score ?? walk.min;
    const reply = await redis.zrangebyscore(walk.key, min, walk.max, 'WITHSCORES', 'LIMIT', 0, size);
    const page = readEntries(reply);
    const fresh = page.filter((entry) => isBehind(entry, last));
    yield* fresh;
    if (page.length < size) return;
    // A page full of one score that was given out already: only a larger one gets past it.
    size = fresh.length === 0 ? size * 2 : walk.pageSize;
    last = fresh.at(-1) ?? last;
  }
}

function isBehind(entry: SortedSetEntry, last: SortedSetEntry | null): boolean {
  if (last === null || entry.score > last.score) return true;
  return entry.score === last.score && entry.member > last.member;
}

function readEntries(reply: readonly string[]): SortedSetEntry[] {
  return Array.from({ length: reply.length / 2 }, (_, i) => ({
    member: reply[2 * i] ?? '',
    score: Number(reply[2 * i + 1]),
  }));
}

/** Every entry of several walks, the lowest of them all first. */
export async function* mergeWalks(
  walks: readonly AsyncGenerator<SortedSetEntry>[],
): AsyncGenerator<SortedSetEntry> {
  const heads = await Promise.all(walks.map((walk) => nextOf(walk)));
  for (;;) {
    const lowest = heads.reduce<number>((best, head, i) => (isLower(head, heads[best]) ? i : best), 0);
    const entry = heads[lowest];
    const walk = walks[lowest];
    if (!entry || !walk) return;
    yield entry;
    heads[lowest] = await nextOf(walk);
  }
}

async function nextOf(walk: AsyncGenerator<SortedSetEntry>): Promise<SortedSetEntry | null> {
  const next = await walk.next();
  return next.done ? null : next.value;
}

/** A walk that is over is above all others. */
function isLower(entry: SortedSetEntry | null, than: SortedSetEntry | null | undefined): boolean {
  return entry !== null && (!than || entry.score < than.score);
}
