import type { FastifyInstance } from 'fastify';
import { clientActor } from '../../shared/audit/actor.ts';
import { verification } from '../../shared/contract/verification.ts';
import type { Logger } from '../../shared/log.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { isCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import { type RedeliveryDeps, redeliver } from '../../shared/store/endpoints/redeliver.ts';
import type { Tracing } from '../../shared/tracing/tracing.ts';
import type { LaneView } from '../lane-view.ts';
import type { ProducerMetrics } from '../metrics.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { ProblemError } from '../problem.ts';
import { type RedeliveryLimits, requireRedeliveryRate, takeRedeliveryRoom } from '../redelivery-limit.ts';
import { clientOf } from '../request-state.ts';
import { idParams, parseIdParam, readOwn } from '../verification/own-verification.ts';
import { presentNow, readSurroundings } from '../waiting.ts';

export interface RedeliverRouteDeps extends RedeliveryDeps {
  readonly lane: LaneView;
  readonly redeliveryLimits: RedeliveryLimits;
  readonly metrics: Pick<ProducerMetrics, 'countRedelivery'>;
  readonly audit: Audit;
  readonly log: Logger;
  readonly tracing: Tracing;
  /** ms epoch */
  readonly now: () => number;
}

export function addRedeliverRoute(app: FastifyInstance, deps: RedeliverRouteDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/verifications/:id/redeliver',
    schema: {
      operationId: 'redeliverEvent',
      tags: ['Events'],
      summary: 'Deliver its event again',
      description:
        'The same event with the same `webhook-id`, and the schedule from the beginning. Refused while there is no event, while it is under way, and when the origin of its callback is no longer registered for you. The answer shows the outcome, so the key needs `read`.',
      params: idParams,
      response: {
        202: verification.describe('Its event is on its way again'),
        ...problemResponses('redeliverEvent'),
      },
    },
    onResponse: async (request) => {
      if (request.problemCode !== null) deps.metrics.countRedelivery(request.problemCode);
    },
    handler: async (request, reply) => {
      const id = parseIdParam(request.params);
      const clientId = clientOf(request).id;
      await requireRedeliveryRate(deps.redis, deps.keys, clientId, deps.redeliveryLimits);
      const { callbackUrl } = await readOwn(deps, id, clientId);
      if (callbackUrl !== null && !isCallbackAllowed(clientOf(request), new URL(callbackUrl))) {
        throw new ProblemError('callback_not_allowed');
      }
      const { settle } = await takeRedeliveryRoom(
        deps.redis,
        deps.keys,
        { clientId, id },
        deps.redeliveryLimits,
      );
      deps.tracing.note({ 'veriqueue.verification.id': id });
      const { status } = await redeliver(deps, id);
      await settle(status === 'redelivered');
      if (status === 'missing') throw new ProblemError('not_found');
      if (status !== 'redelivered') throw new ProblemError('not_redeliverable');
      await deps.audit.note({
        ...clientActor(clientId),
        action: 'redeliver',
        targetKind: 'verification',
        target: id,
        result: status,
      });
      deps.metrics.countRedelivery('redelivered');
      deps.log.info({ event: 'redelivery_asked', verification: id }, 'its event is to be delivered again');
      const [record, surroundings] = await Promise.all([
        readOwn(deps, id, clientId),
        readSurroundings(deps, clientId),
      ]);
      reply.code(202);
      return presentNow(record, null, surroundings, deps.now());
    },
  });
}
