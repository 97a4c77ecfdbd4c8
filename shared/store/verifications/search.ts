import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { StoredStatus } from '../../contract/verification-status.ts';
import type { StoreKeys } from '../keys.ts';
import { type IdPage, type ListCursor, listIndex } from './read.ts';
import { pageReference } from './reference-index.ts';

/** What a client looks for among its own verifications; undefined asks for no limit. */
export interface Search {
  readonly clientId: string;
  readonly status?: StoredStatus | undefined;
  readonly reference?: string | undefined;
  /** The code of the outcome. */
  readonly code?: string | undefined;
  /** ms epoch: submitted then or later. */
  readonly submittedFrom?: number | undefined;
  /** ms epoch: submitted earlier. */
  readonly submittedBefore?: number | undefined;
  readonly limit: number;
  readonly after?: ListCursor | undefined;
}

/**
 * Entries that one search looks at. A client may have millions of verifications, and no index knows their codes: a search
 * that has found less than a page by then goes on in the next request.
 */
export const SEARCHED_PER_REQUEST = 1_000;

/** Entries that are read at once: others' commands come in between. */
const CHUNK = 200;

/**
 * Finds a client's verifications, newest first, with bounded work.
 *
 * Status and time are looked up in an index, as is a reference; the rest is compared with at most
 * {@link SEARCHED_PER_REQUEST} records.
 *
 * @returns `next` while there may be more, also after a page that is not full
 */
export async function searchVerifications(redis: Redis, keys: StoreKeys, search: Search): Promise<IdPage> {
  const { reference, code, limit } = search;
  const readPage = pageReader(redis, keys, search);
  if (reference === undefined && code === undefined) return readPage(search.after, limit);
  const found: ListCursor[] = [];
  let next: ListCursor | null = search.after ?? null;
  for (let searched = 0; searched < SEARCHED_PER_REQUEST; searched += CHUNK) {
    const page = await readPage(next ?? undefined, CHUNK);
    found.push(...(await findFitting(redis, keys, page.ids, search)));
    next = page.next;
    if (found.length > limit) next = found[limit - 1] ?? null;
    if (found.length >= limit || next === null) break;
  }
  return { ids: found.slice(0, limit).map(({ id }) => id), next };
}

type ReadPage = (after: ListCursor | undefined, limit: number) => Promise<IdPage>;

/** Pages of the narrowest index that holds all that is looked for. */
function pageReader(redis: Redis, keys: StoreKeys, search: Search): ReadPage {
  const { clientId, status, reference, submittedFrom: from, submittedBefore: before } = search;
  if (reference !== undefined) {
    return (after, limit) => pageReference(redis, keys, reference, { after, limit });
  }
  const index = status === undefined ? keys.clientIndex(clientId) : keys.clientStatusIndex(clientId, status);
  return (after, limit) => listIndex(redis, index, { after, limit, from, before });
}

const entryFields = z.object({
  client: z.string(),
  status: z.string(),
  submittedAt: z.coerce.number().int().nonnegative(),
  outcome: z
    .string()
    .nullable()
    .transform((text) => (text === null ? null : codeOf(text))),
});
type Entry = z.output<typeof entryFields>;

/** Reads of each record only what is compared. What is gone meanwhile, or cannot be read, does not fit. */
async function findFitting(
  redis: Redis,
  keys: StoreKeys,
  ids: readonly string[],
  search: Search,
): Promise<ListCursor[]> {
  const names = ['client', 'status', 'submittedAt', 'outcome'] as const;
  const rows = await Promise.all(ids.map((id) => redis.hmget(keys.record(id), ...names)));
  return rows.flatMap(([client, status, submittedAt, outcome], i) => {
    const entry = entryFields.safeParse({ client, status, submittedAt, outcome });
    const isFitting = entry.success && fits(entry.data, search);
    return isFitting ? [{ id: ids[i] ?? '', submittedAt: entry.data.submittedAt }] : [];
  });
}

const outcomeCode = z.object({ code: z.string() });

function codeOf(text: string): string | null {
  try {
    return outcomeCode.parse(JSON.parse(text)).code;
  } catch {
    // The record cannot be read, which is logged where one of its kind is shown.
    return null;
  }
}

function fits(entry: Entry, search: Search): boolean {
  const { clientId, status, code, submittedFrom, submittedBefore } = search;
  return (
    entry.client === clientId &&
    (status === undefined || entry.status === status) &&
    (code === undefined || entry.outcome === code) &&
    (submittedFrom === undefined || entry.submittedAt >= submittedFrom) &&
    (submittedBefore === undefined || entry.submittedAt < submittedBefore)
  );
}
