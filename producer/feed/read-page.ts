import { FEED_PAGE_MAX, type FeedQuery } from '../../shared/contract/feed.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { readFeed } from '../../shared/store/verifications/read-feed.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { type WrittenPage, writePage } from './feed-page.ts';
import type { FeedWaits } from './feed-waits.ts';

export interface ReadPageDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly waits: FeedWaits;
  /** Before anything is shown that came while the request waited. @throws {ProblemError} */
  readonly requireStillAdmitted: () => Promise<void>;
  /** ms, from any beginning */
  readonly monotonic: () => number;
}

/** So many pages of other types are passed over in one request. */
const PAGES_PASSED_OVER = 4;

/**
 * The events of a client after a number; without any, it waits for one for as long as the query says.
 *
 * @param signal the client does not wait any longer
 * @throws {ProblemError} unknown_sequence; too_many_requests when too many wait; as `requireStillAdmitted`
 */
export async function readPage(
  { redis, keys, waits, requireStillAdmitted, monotonic }: ReadPageDeps,
  clientId: string,
  { after: start, limit, type, wait }: FeedQuery,
  signal: AbortSignal,
): Promise<WrittenPage> {
  const endsAt = monotonic() + wait * 1000;
  // Of other types there may be many between two of this one.
  const asked = type === undefined ? limit : FEED_PAGE_MAX;
  let after = start;
  for (let passed = 0; ; passed += 1) {
    const reading = await readFeed(redis, keys, { clientId, after, limit: asked });
    if (after > reading.last) throw new ProblemError('unknown_sequence');
    const page = writePage(reading, { after, limit, type });
    if (page.entries.length > 0) return page;
    after = page.nextAfter;
    if (after < page.last) {
      if (passed >= PAGES_PASSED_OVER) return page;
      continue;
    }
    const ms = endsAt - monotonic();
    if (ms <= 0) return page;
    const waiting = waits.until(clientId, after, { ms, signal });
    if (waiting === null) throw new ProblemError('too_many_requests', { headers: retryAfter(1) });
    if ((await waiting) === 'end') return page;
    await requireStillAdmitted();
    passed = 0;
  }
}
