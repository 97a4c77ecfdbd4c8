import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { DeliveryAttempt } from '../../shared/contract/delivery-log.ts';
import { deliveryLogPage } from '../../shared/contract/delivery-log.ts';
import { listQuery } from '../../shared/contract/submission.ts';
import { verification, verificationPage } from '../../shared/contract/verification.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { readDeliveryLog } from '../../shared/store/verifications/read-delivery-log.ts';
import type { VerificationStore } from '../../shared/store/verifications/verification-store.ts';
import { showErrorClass } from '../../shared/webhook/delivery-result.ts';
import type { LaneView } from '../lane-view.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { retryAfter } from '../problem.ts';
import type { ProducerLog } from '../producer-log.ts';
import { clientOf } from '../request-state.ts';
import type { ProducerQueues } from '../submission/enqueue.ts';
import { cancelAndShow } from '../verification/cancel-verification.ts';
import { listVerifications } from '../verification/list-verifications.ts';
import { idParams, parseIdParam, readOwn } from '../verification/own-verification.ts';
import { showVerification } from '../verification/show-verification.ts';
import { erase } from './erase-verification.ts';

export interface VerificationRoutesDeps extends VerificationStore {
  readonly queues: ProducerQueues;
  readonly lane: LaneView;
  readonly retentionMs: number;
  readonly audit: Audit;
  readonly auditRetentionMs: number;
  readonly log: ProducerLog;
  readonly now: () => number;
}

const tags = ['Verifications'];
const deletionQuery = z.object({ erase: z.enum(['true', 'false']).default('false') });

export function addVerificationRoutes(app: FastifyInstance, deps: VerificationRoutesDeps): void {
  addShowRoute(app, deps);
  addListRoute(app, deps);
  addDeletionRoute(app, deps);
  addDeliveryLogRoute(app, deps);
}

function addShowRoute(app: FastifyInstance, deps: VerificationRoutesDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/verifications/:id',
    schema: {
      operationId: 'getVerification',
      tags,
      summary: 'Show a verification',
      description: 'Until it is final, `Retry-After` says when it is worth asking again.',
      params: idParams,
      response: { 200: verification.describe('The verification'), ...problemResponses('getVerification') },
    },
    handler: async (request, reply) => {
      const id = parseIdParam(request.params);
      const { verification: shown, pollAfterSeconds } = await showVerification(
        deps,
        id,
        clientOf(request).id,
      );
      if (pollAfterSeconds !== null) reply.headers(retryAfter(pollAfterSeconds));
      return shown;
    },
  });
}

function addListRoute(app: FastifyInstance, deps: VerificationRoutesDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/verifications',
    schema: {
      operationId: 'listVerifications',
      tags,
      summary: 'List verifications, newest first',
      description:
        'Filters are combined. A request looks at a bounded number of verifications, so a page may be short or empty before the last: continue until `nextCursor` is null.',
      querystring: listQuery,
      response: {
        200: verificationPage.describe('A page of them'),
        ...problemResponses('listVerifications'),
      },
    },
    handler: async (request) => {
      const query = parseInput(listQuery, request.query, 'invalid_query');
      return listVerifications(deps, clientOf(request).id, query);
    },
  });
}

function addDeletionRoute(app: FastifyInstance, deps: VerificationRoutesDeps): void {
  app.route({
    method: 'DELETE',
    url: '/v1/verifications/:id',
    schema: {
      operationId: 'deleteVerification',
      tags,
      summary: 'Cancel a verification that has not been sent upstream, or erase any',
      description:
        'Cancelling twice is the same as once; no event follows. With `erase=true`, whatever the state, the verification is cancelled if it still can be, and removed with its attempts, its delivery log and its Idempotency-Key. Counts of calls stay, and name no person. An event that was not delivered yet never will be. 409 only while the upstream is being asked, or the event is being delivered: come back after `Retry-After` seconds.',
      params: idParams,
      querystring: deletionQuery,
      response: {
        200: verification.describe('Cancelled'),
        204: z.undefined().describe('Erased'),
        ...problemResponses('deleteVerification'),
      },
    },
    handler: async (request, reply) => {
      const id = parseIdParam(request.params);
      const clientId = clientOf(request).id;
      const { erase: shallErase } = parseInput(deletionQuery, request.query, 'invalid_query');
      if (shallErase === 'true') {
        await erase(deps, { id, clientId });
        return reply.code(204).send();
      }
      const cancelled = await cancelAndShow(deps, id, clientId);
      deps.audit.chainSoon();
      return cancelled;
    },
  });
}

function addDeliveryLogRoute(app: FastifyInstance, deps: VerificationRoutesDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/verifications/:id/deliveries',
    schema: {
      operationId: 'listDeliveries',
      tags: ['Events'],
      summary: 'Show the attempts to deliver its event, oldest first',
      description: 'One entry per attempt, also of those that an operator or you asked for.',
      params: idParams,
      response: { 200: deliveryLogPage.describe('Its attempts'), ...problemResponses('listDeliveries') },
    },
    handler: async (request) => {
      const id = parseIdParam(request.params);
      const [, attempts] = await Promise.all([
        readOwn(deps, id, clientOf(request).id),
        readDeliveryLog(deps.redis, deps.keys, id),
      ]);
      return { data: attempts.map(presentDeliveryAttempt) };
    },
  });
}

/** Why exactly a receiver was not reached is for operators: it would reveal the network behind this service. */
const presentDeliveryAttempt = (attempt: DeliveryAttempt): DeliveryAttempt => ({
  ...attempt,
  errorClass: showErrorClass(attempt.errorClass),
});
