import type { FastifyInstance } from 'fastify';
import {
  type EventDelivery,
  type EventDeliveryPage,
  eventDeliveryPage,
  eventDeliveryQuery,
} from '../../shared/contract/event-delivery.ts';
import { showErrorClass } from '../../shared/webhook/delivery-result.ts';
import { type DeliveryStore, listDeliveries } from '../endpoints/list-deliveries.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { clientOf } from '../request-state.ts';

/** Where a client's events are on their way to its callback, or to one of its endpoints. */
export function addEventDeliveryRoute(app: FastifyInstance, store: DeliveryStore): void {
  app.route({
    method: 'GET',
    url: '/v1/deliveries',
    schema: {
      operationId: 'listEventDeliveries',
      tags: ['Events'],
      summary: 'List the deliveries of your events, newest first',
      description:
        'To your callback, the events of outcomes by the time of submission; to an endpoint, what it has been sent or is to be sent, by number, since it was added or last given other types. Filters are combined. A request looks at a bounded number of events, so a page may be short or empty before the last: continue until `nextCursor` is null.',
      querystring: eventDeliveryQuery,
      response: {
        200: eventDeliveryPage.describe('A page of them'),
        ...problemResponses('listEventDeliveries'),
      },
    },
    handler: async (request): Promise<EventDeliveryPage> => {
      const query = parseInput(eventDeliveryQuery, request.query, 'invalid_query');
      const page = await listDeliveries(store, clientOf(request), query);
      return { ...page, data: page.data.map(present) };
    },
  });
}

/** Why exactly a receiver was not reached is for operators. */
const present = ({ lastAttempt, ...delivery }: EventDelivery): EventDelivery => ({
  ...delivery,
  lastAttempt: lastAttempt && { ...lastAttempt, errorClass: showErrorClass(lastAttempt.errorClass) },
});
