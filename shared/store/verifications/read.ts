import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import { type ParsedRecord, parseRecord } from './verification-record.ts';

export async function readRecord(redis: Redis, keys: StoreKeys, id: string): Promise<ParsedRecord> {
  const hash = await readOr(redis.hgetall(keys.record(id)), null);
  return hash === null ? { status: 'unreadable', fields: [] } : parseRecord(hash);
}

/** Several records in one round trip, in the order asked for. */
export async function readRecords(
  redis: Redis,
  keys: StoreKeys,
  ids: readonly string[],
): Promise<ParsedRecord[]> {
  return Promise.all(ids.map((id) => readRecord(redis, keys, id)));
}

/** Where a listing goes on: strictly older than this. */
export interface ListCursor {
  /** ms epoch */
  readonly submittedAt: number;
  readonly id: string;
}

export interface PageQuery {
  readonly limit: number;
  readonly after: ListCursor | undefined;
}

/** ms epoch: from then on, and before. */
interface TimeSpan {
  readonly from?: number | undefined;
  readonly before?: number | undefined;
}

export interface IdPage {
  readonly ids: string[];
  readonly next: ListCursor | null;
}

/**
 * Ids of a sorted set by time, newest first.
 *
 * Several may share a millisecond, where the sorted set orders them by id; the cursor therefore carries both, and
 * what was already seen of its millisecond is skipped.
 */
export async function listIndex(redis: Redis, index: string, query: PageQuery & TimeSpan): Promise<IdPage> {
  const { entries, next } = await listEntries(redis, index, query);
  return { ids: entries.map(({ id }) => id), next };
}

export interface EntryPage {
  readonly entries: readonly ListCursor[];
  readonly next: ListCursor | null;
}

/** The same with each entry's time. */
export async function listEntries(
  redis: Redis,
  index: string,
  query: PageQuery & TimeSpan,
): Promise<EntryPage> {
  const found: ListCursor[] = [];
  const { after, from, before } = query;
  const isAfterNearer = after !== undefined && (before === undefined || after.submittedAt < before);
  const max = isAfterNearer ? String(after.submittedAt) : before === undefined ? '+inf' : `(${before}`;
  let offset = 0;
  while (found.length <= query.limit) {
    const wanted = query.limit + 1;
    const reply = await redis.zrange(
      index,
      max,
      String(from ?? '-inf'),
      'BYSCORE',
      'REV',
      'LIMIT',
      offset,
      wanted,
      'WITHSCORES',
    );
    const page = pairs(reply);
    found.push(...page.filter((entry) => !after || isOlder(entry, after)));
    if (page.length < wanted) break;
    offset += page.length;
  }
  const shown = found.slice(0, query.limit);
  return {
    entries: shown,
    next: found.length > query.limit ? (shown.at(-1) ?? null) : null,
  };
}

function isOlder(entry: ListCursor, than: ListCursor): boolean {
  return (
    entry.submittedAt < than.submittedAt || (entry.submittedAt === than.submittedAt && entry.id < than.id)
  );
}

function pairs(reply: readonly string[]): ListCursor[] {
  return Array.from({ length: reply.length / 2 }, (_, i) => ({
    id: reply[2 * i] ?? '',
    submittedAt: Number(reply[2 * i + 1]),
  }));
}
