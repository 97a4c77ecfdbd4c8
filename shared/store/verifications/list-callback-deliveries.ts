import { z } from 'zod';
import type { EventDelivery } from '../../contract/event-delivery.ts';
import { eventTypes } from '../../contract/event-type.ts';
import { type DeliveryStatus, deliveryStatus } from '../../contract/verification.ts';
import { webhookId } from '../../webhook/webhook-id.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import type { Redis } from '../redis/redis-client.ts';
import { type EntryPage, type ListCursor, listEntries } from './read.ts';
import { readAttempt } from './written-attempt.ts';

/** What is looked for among the events of a client's outcomes, as they go to its callback. */
export interface CallbackDeliverySearch {
  readonly clientId: string;
  readonly status: DeliveryStatus | undefined;
  /** ms epoch */
  readonly submittedFrom: number | undefined;
  readonly submittedBefore: number | undefined;
  readonly limit: number;
  readonly after: ListCursor | undefined;
}

/** Records that one request compares: no index knows how far an event is. */
const COMPARED_PER_REQUEST = 1_000;
/** Read at once: others' commands come in between. */
const CHUNK = 200;

interface Store {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}

interface Found {
  readonly entry: ListCursor;
  readonly delivery: EventDelivery;
}

/**
 * The deliveries to a client's callback, newest submission first, with bounded work.
 *
 * @returns `next` while there may be more, also after a page that is not full
 */
export async function listCallbackDeliveries(
  store: Store,
  search: CallbackDeliverySearch,
): Promise<{ readonly data: EventDelivery[]; readonly next: ListCursor | null }> {
  const { limit } = search;
  const found: Found[] = [];
  const chunk = search.status === undefined ? Math.min(limit, CHUNK) : CHUNK;
  let next: ListCursor | null = search.after ?? null;
  for (let compared = 0; compared < COMPARED_PER_REQUEST; compared += chunk) {
    const page = await listAnswered(store, search, { chunk, after: next ?? undefined });
    const read = await Promise.all(page.entries.map((entry) => readDelivery(store, entry, search)));
    found.push(...read.flatMap((each) => each ?? []));
    next = page.next;
    if (found.length > limit) next = found[limit - 1]?.entry ?? null;
    if (found.length >= limit || next === null) break;
  }
  const shown = found.slice(0, limit);
  return {
    data: await Promise.all(shown.map(({ entry, delivery }) => addLast(store, entry.id, delivery))),
    next,
  };
}

/** What has an event lies in two indexes; a page of both, merged. */
async function listAnswered(
  { redis, keys }: Store,
  { clientId, submittedFrom: from, submittedBefore: before }: CallbackDeliverySearch,
  { chunk, after }: { readonly chunk: number; readonly after: ListCursor | undefined },
): Promise<EntryPage> {
  const indexes = (['completed', 'failed'] as const).map((status) =>
    keys.clientStatusIndex(clientId, status),
  );
  const pages = await Promise.all(
    indexes.map((index) => listEntries(redis, index, { limit: chunk, after, from, before })),
  );
  const all = pages.flatMap(({ entries }) => entries).toSorted(byAge);
  const entries = all.slice(0, chunk);
  const hasMore = all.length > chunk || pages.some((page) => page.next !== null);
  return { entries, next: hasMore ? (entries.at(-1) ?? null) : null };
}

/** Newest first, as the indexes are read. */
function byAge(a: ListCursor, b: ListCursor): number {
  if (a.submittedAt !== b.submittedAt) return b.submittedAt - a.submittedAt;
  return a.id < b.id ? 1 : -1;
}

const FIELDS = [
  'client',
  'status',
  'deliveryStatus',
  'deliveryAttempts',
  'deliveryNextAt',
  'sequence',
] as const;

const count = z.coerce.number().int().nonnegative();
const fields = z.tuple([
  z.string(),
  z.enum(['completed', 'failed']),
  deliveryStatus.nullable(),
  count.nullable(),
  count.nullable(),
  count.nullable(),
]);

/** Reads of the record only what is shown. What is gone meanwhile, or cannot be read, is left out. */
async function readDelivery(
  { redis, keys }: Store,
  entry: ListCursor,
  search: CallbackDeliverySearch,
): Promise<Found | null> {
  const read = fields.safeParse(await readOr(redis.hmget(keys.record(entry.id), ...FIELDS), null));
  if (!read.success) return null;
  const [client, outcome, stored, attempts, nextAt, sequence] = read.data;
  const status = stored ?? 'pending';
  if (client !== search.clientId || (search.status !== undefined && status !== search.status)) return null;
  return {
    entry,
    delivery: {
      eventId: webhookId(entry.id),
      type: eventTypes[outcome],
      sequence,
      verification: entry.id,
      endpoint: null,
      status,
      attempts: attempts ?? 0,
      lastAttempt: null,
      nextAttemptAt: nextAt === null ? null : new Date(nextAt).toISOString(),
    },
  };
}

/** With its latest attempt, if one was made. */
async function addLast({ redis, keys }: Store, id: string, delivery: EventDelivery): Promise<EventDelivery> {
  const text = await readOr(redis.lindex(keys.deliveryLog(id), -1), null);
  const last = text === null ? null : readAttempt(text);
  if (last === null) return delivery;
  const { at, status, errorClass } = last;
  return { ...delivery, lastAttempt: { at, status, errorClass } };
}
