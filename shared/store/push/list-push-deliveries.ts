import { z } from 'zod';
import type { EventDelivery } from '../../contract/event-delivery.ts';
import { eventTypes, noticeTypes } from '../../contract/event-type.ts';
import { jsonText } from '../../contract/json-text.ts';
import type { DeliveryStatus } from '../../contract/verification.ts';
import { webhookId } from '../../webhook/webhook-id.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import type { Redis } from '../redis/redis-client.ts';
import type { PushEndpoint } from './push-endpoint.ts';
import type { PushState } from './push-state.ts';

/** What is looked for among the deliveries to one endpoint. */
export interface PushDeliverySearch {
  readonly clientId: string;
  readonly endpoint: PushEndpoint;
  readonly state: PushState;
  /** Whether its events may be sent there at all. */
  readonly isAllowed: boolean;
  readonly status: DeliveryStatus | undefined;
  /** ms epoch */
  readonly submittedFrom: number | undefined;
  readonly submittedBefore: number | undefined;
  readonly limit: number;
  /** Numbers below this one; undefined: from the newest. */
  readonly below: number | undefined;
}

/** Entries that one request looks at. */
export const SEARCHED_PER_REQUEST = 1_000;
const CHUNK = 200;

interface Numbered {
  readonly sequence: number;
  readonly eventId: string;
  readonly type: string;
  readonly verification: string | null;
  /** ms epoch: when what it is about was submitted; of an event about none, or about one that is deleted, when it came to be. */
  readonly at: number;
}

/**
 * The events of a client's feed that one endpoint has been sent or is to be sent, newest first, with bounded work. Nothing is written
 * for it: where an event stands follows from the endpoint's position. What the endpoint was passed over for lies behind its span.
 *
 * @returns `next`: the number below which to go on, while there may be more
 */
export async function listPushDeliveries(
  { redis, keys }: { readonly redis: Redis; readonly keys: StoreKeys },
  search: PushDeliverySearch,
): Promise<{ readonly data: EventDelivery[]; readonly next: number | null }> {
  const { clientId, limit } = search;
  const lowest = lowestOf(search);
  const data: EventDelivery[] = [];
  let below = search.below;
  const next = () => (below !== undefined && below > lowest + 1 ? below : null);
  if (below !== undefined && next() === null) return { data, next: null };
  for (let searched = 0; searched < SEARCHED_PER_REQUEST; searched += CHUNK) {
    const top = below === undefined ? '+' : `(0-${below}`;
    const entries = await readOr(
      redis.xrevrange(keys.feed(clientId), top, `(0-${lowest}`, 'COUNT', CHUNK),
      [],
    );
    const events = await Promise.all(entries.map(([id, fields]) => readEntry({ redis, keys }, id, fields)));
    for (const [i, event] of events.entries()) {
      below = sequenceOf(entries[i]?.[0] ?? '');
      const shown = event && present(event, search);
      if (shown) data.push(shown);
      if (data.length >= limit) return { data, next: next() };
    }
    if (entries.length < CHUNK) return { data, next: null };
  }
  return { data, next: next() };
}

const sequenceOf = (entryId: string): number => Number(/^0-(\d+)$/.exec(entryId)?.[1] ?? 0);

/** What lies at or below it is not known, or not looked for. */
function lowestOf({ endpoint, state, status }: PushDeliverySearch): number {
  const { after, from, types } = state;
  const isCurrent = from !== null && from <= after && types === endpoint.types.toSorted().join(' ');
  const isAhead = status === 'pending' || status === 'retrying' || status === 'held';
  return isCurrent && !isAhead ? from : after;
}

const deadData = jsonText(z.object({ data: z.object({ endpoint: z.string().nullable() }) }));
const noticeBody = jsonText(
  z.object({
    type: z.string(),
    timestamp: z.iso.datetime().transform(Date.parse),
    data: z.object({ id: z.string().optional(), verification: z.string().nullish() }),
  }),
);
const outcomeFields = z.tuple([z.enum(['completed', 'failed']), z.coerce.number()]);

/** Null for what is kept no more, or cannot be read. */
async function readEntry(
  { redis, keys }: { readonly redis: Redis; readonly keys: StoreKeys },
  entryId: string,
  [kind, id = '', , body = '']: readonly string[],
): Promise<(Numbered & { readonly diedAt?: string | null }) | null> {
  const sequence = sequenceOf(entryId);
  if (kind === 'notice') {
    const notice = noticeBody.safeParse(body);
    if (!notice.success) return null;
    const { type, timestamp, data } = notice.data;
    const verification = data.verification ?? (data.id?.startsWith('ver_') ? data.id : null);
    const submittedAt =
      verification && (await readOr(redis.hget(keys.record(verification), 'submittedAt'), null));
    const at = submittedAt ? Number(submittedAt) : timestamp;
    const died = type === noticeTypes.deliveryDead ? deadData.safeParse(body) : undefined;
    return {
      ...{ sequence, eventId: id, type, verification, at },
      ...(died?.success ? { diedAt: died.data.data.endpoint } : {}),
    };
  }
  const read = outcomeFields.safeParse(
    await readOr(redis.hmget(keys.record(id), 'status', 'submittedAt'), []),
  );
  if (!read.success) return null;
  const [status, at] = read.data;
  return { sequence, eventId: webhookId(id), type: eventTypes[status], verification: id, at };
}

function present(
  event: Numbered & { readonly diedAt?: string | null },
  search: PushDeliverySearch,
): EventDelivery | null {
  const { endpoint, state, submittedFrom = Number.NEGATIVE_INFINITY } = search;
  const { submittedBefore = Number.POSITIVE_INFINITY } = search;
  const { sequence, eventId, type, verification, at, diedAt } = event;
  // That an endpoint took nothing is said to the others.
  if (!endpoint.types.some((each) => each === type) || diedAt === endpoint.id) return null;
  if (at < submittedFrom || at >= submittedBefore) return null;
  const status = statusOf(sequence, search);
  if (search.status !== undefined && status !== search.status) return null;
  const isDue = sequence === state.after + 1;
  const isAhead = sequence > state.after;
  const latest = state.latest?.sequence === sequence ? state.latest : null;
  return {
    ...{ eventId, type, sequence, verification, endpoint: endpoint.id, status },
    attempts: isAhead ? (isDue ? state.attempts : 0) : null,
    lastAttempt: latest && { at: latest.at, status: latest.status, errorClass: latest.errorClass },
    nextAttemptAt:
      status === 'retrying' && state.nextAt !== null ? new Date(state.nextAt).toISOString() : null,
  };
}

function statusOf(sequence: number, { endpoint, state, isAllowed }: PushDeliverySearch): DeliveryStatus {
  const { after, attempts, health, passedBy } = state;
  if (sequence <= after) return passedBy.includes(sequence) ? 'dead' : 'delivered';
  if (!endpoint.enabled || !isAllowed || health.status === 'disabled') return 'held';
  return sequence === after + 1 && attempts > 0 ? 'retrying' : 'pending';
}
