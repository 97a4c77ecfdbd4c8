import type { EventDeliveryPage, EventDeliveryQuery } from '../../shared/contract/event-delivery.ts';
import { isCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import { CALLBACK } from '../../shared/store/clients/receiver-auth.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { listPushDeliveries } from '../../shared/store/push/list-push-deliveries.ts';
import { parseEndpoints } from '../../shared/store/push/push-endpoint.ts';
import { readPushes } from '../../shared/store/push/push-state.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { listCallbackDeliveries } from '../../shared/store/verifications/list-callback-deliveries.ts';
import { ProblemError } from '../problem.ts';
import { decodeCursor, decodeNumberCursor, encodeCursor, encodeNumberCursor } from '../routes/cursor.ts';

export interface DeliveryStore {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}

/**
 * Where a client's events are on their way to its callback, or to one of its endpoints, newest first. The classes of errors are as
 * they were written down: a client is shown fewer.
 *
 * @throws {ProblemError} not_found: it has no such endpoint; invalid_query: the cursor is of no page
 */
export function listDeliveries(
  store: DeliveryStore,
  client: ClientIdentity,
  query: EventDeliveryQuery,
): Promise<EventDeliveryPage> {
  return query.endpoint === CALLBACK ? ofCallback(store, client, query) : ofEndpoint(store, client, query);
}

async function ofCallback(
  store: DeliveryStore,
  { id: clientId }: ClientIdentity,
  { cursor, status, submittedFrom, submittedBefore, limit }: EventDeliveryQuery,
): Promise<EventDeliveryPage> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const search = { clientId, status, submittedFrom, submittedBefore, limit, after };
  const { data, next } = await listCallbackDeliveries(store, search);
  return { data, nextCursor: next && encodeCursor(next) };
}

/** @throws {ProblemError} not_found */
async function ofEndpoint(
  store: DeliveryStore,
  client: ClientIdentity,
  { endpoint: id, cursor, status, submittedFrom, submittedBefore, limit }: EventDeliveryQuery,
): Promise<EventDeliveryPage> {
  const { redis, keys } = store;
  const below = cursor === undefined ? undefined : decodeNumberCursor(cursor);
  const text = (await redis.hget(keys.client(client.id), 'endpoints')) ?? '';
  const endpoint = parseEndpoints(text).find((each) => each.id === id);
  const [state = null] = await readPushes(store, client.id, [id]);
  if (endpoint === undefined || state === null) throw new ProblemError('not_found');
  const isAllowed = URL.canParse(endpoint.url) && isCallbackAllowed(client, new URL(endpoint.url));
  const filters = { status, submittedFrom, submittedBefore, limit, below };
  const search = { clientId: client.id, endpoint, state, isAllowed, ...filters };
  const { data, next } = await listPushDeliveries(store, search);
  return { data, nextCursor: next === null ? null : encodeNumberCursor(next) };
}
