import type { FastifyInstance } from 'fastify';
import { type ConsoleRedelivery, periodRequest } from '../../shared/contract/console-redelivery.ts';
import { describeClient } from '../../shared/store/clients/describe-client.ts';
import { redeliverRange } from '../../shared/store/endpoints/redeliver-range.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { parseClientParam } from './client-routes.ts';
import type { ActionDeps } from './operator-actions.ts';

/**
 * `POST /console/api/clients/{client}/redeliveries`: sends the events of a period again, oldest first. It answers when that has begun;
 * the log says how it ended.
 */
export function addClientRedeliveryRoute(app: FastifyInstance, deps: ActionDeps): void {
  const { redis, keys, tasks, note, report, now } = deps;
  app.post('/console/api/clients/:client/redeliveries', async (request, reply) => {
    const clientId = parseClientParam(request);
    const { from, until } = parseInput(periodRequest, request.body ?? {}, 'invalid_request');
    const described = await describeClient(redis, keys, clientId, now());
    if (described.status === 'missing') throw new ProblemError('not_found');
    // Both ends belong to a range of the store.
    const range = { events: 'resting', clientId, since: from, until: until - 1 } as const;
    const begun = tasks.start(`redeliver events of ${clientId}`, async (signal) => {
      const watch = { signal, onProgress: () => undefined, report };
      return (await redeliverRange(deps, range, watch)).counts;
    });
    const status = begun ? 'redelivering' : 'already_redelivering';
    const period = { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
    await note(request, { action: 'redeliver_period', target: clientId, status, details: period });
    return reply.code(202).send({ status } satisfies ConsoleRedelivery);
  });
}
