import type { FastifyInstance } from 'fastify';
import { type EventDeliveryPage, eventDeliveryQuery } from '../../shared/contract/event-delivery.ts';
import { describeClient } from '../../shared/store/clients/describe-client.ts';
import { type DeliveryStore, listDeliveries } from '../endpoints/list-deliveries.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { parseClientParam } from './client-routes.ts';

export interface ClientDeliveryRouteDeps extends DeliveryStore {
  /** ms epoch */
  readonly now: () => number;
}

/**
 * `GET /console/api/clients/{client}/deliveries`: what the client reads under `/v1/deliveries`, with the exact class of an error. As
 * with dead letters, no entry of the audit trail is made: there is nothing in it but ids.
 */
export function addClientDeliveryRoute(app: FastifyInstance, deps: ClientDeliveryRouteDeps): void {
  app.get('/console/api/clients/:client/deliveries', async (request): Promise<EventDeliveryPage> => {
    const query = parseInput(eventDeliveryQuery, request.query, 'invalid_query');
    const { redis, keys, now } = deps;
    const described = await describeClient(redis, keys, parseClientParam(request), now());
    if (described.status !== 'found') throw new ProblemError('not_found');
    return listDeliveries(deps, described.client, query);
  });
}
