import type { FastifyInstance } from 'fastify';
import {
  type EventDelivery,
  type EventDeliveryPage,
  type EventDeliveryQuery,
  eventDeliveryPage,
  eventDeliveryQuery,
} from '../../shared/contract/event-delivery.ts';
import { isCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import { CALLBACK } from '../../shared/store/clients/receiver-auth.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { listPushDeliveries } from '../../shared/store/push/list-push-deliveries.ts';
import { parseEndpoints } from '../../shared/store/push/push-endpoint.ts';
import { readPushes } from '../../shared/store/push/push-state.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { listCallbackDeliveries } from '../../shared/store/verifications/list-callback-deliveries.ts';
import { showErrorClass } from '../../shared/webhook/delivery-result.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { clientOf } from '../request-state.ts';
import { decodeCursor, decodeNumberCursor, encodeCursor, encodeNumberCursor } from './cursor.ts';

export interface EventDeliveryRouteDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}

/** Where a client's events are on their way to its callback, or to one of its endpoints. */
export function addEventDeliveryRoute(app: FastifyInstance, deps: EventDeliveryRouteDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/deliveries',
    schema: {
      operationId: 'listEventDeliveries',
      tags: ['Events'],
      summary: 'List the deliveries of your events, newest first',
      description:
        'To your callback, the events of outcomes by the time of submission; to an endpoint, what it has been sent or is to be sent, by number, since it was added or last given other types. Filters are combined. A request looks at a bounded number of events, so a page may be short or empty before the last: go on until `nextCursor` is null.',
      querystring: eventDeliveryQuery,
      response: {
        200: eventDeliveryPage.describe('A page of them'),
        ...problemResponses('listEventDeliveries'),
      },
    },
    handler: async (request): Promise<EventDeliveryPage> => {
      const query = parseInput(eventDeliveryQuery, request.query, 'invalid_query');
      const client = clientOf(request);
      const page = await (query.endpoint === CALLBACK
        ? ofCallback(deps, client, query)
        : ofEndpoint(deps, client, query));
      return { ...page, data: page.data.map(present) };
    },
  });
}

/** Why exactly a receiver was not reached is for operators. */
const present = ({ lastAttempt, ...delivery }: EventDelivery): EventDelivery => ({
  ...delivery,
  lastAttempt: lastAttempt && { ...lastAttempt, errorClass: showErrorClass(lastAttempt.errorClass) },
});

async function ofCallback(
  deps: EventDeliveryRouteDeps,
  { id: clientId }: ClientIdentity,
  { cursor, status, submittedFrom, submittedBefore, limit }: EventDeliveryQuery,
): Promise<EventDeliveryPage> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const search = { clientId, status, submittedFrom, submittedBefore, limit, after };
  const { data, next } = await listCallbackDeliveries(deps, search);
  return { data, nextCursor: next && encodeCursor(next) };
}

/** @throws {ProblemError} not_found */
async function ofEndpoint(
  deps: EventDeliveryRouteDeps,
  client: ClientIdentity,
  { endpoint: id, cursor, status, submittedFrom, submittedBefore, limit }: EventDeliveryQuery,
): Promise<EventDeliveryPage> {
  const { redis, keys } = deps;
  const below = cursor === undefined ? undefined : decodeNumberCursor(cursor);
  const text = (await redis.hget(keys.client(client.id), 'endpoints')) ?? '';
  const endpoint = parseEndpoints(text).find((each) => each.id === id);
  const [state = null] = await readPushes(deps, client.id, [id]);
  if (endpoint === undefined || state === null) throw new ProblemError('not_found');
  const isAllowed = URL.canParse(endpoint.url) && isCallbackAllowed(client, new URL(endpoint.url));
  const filters = { status, submittedFrom, submittedBefore, limit, below };
  const search = { clientId: client.id, endpoint, state, isAllowed, ...filters };
  const { data, next } = await listPushDeliveries(deps, search);
  return { data, nextCursor: next === null ? null : encodeNumberCursor(next) };
}
