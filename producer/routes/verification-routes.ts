import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { computePollAfter } from '../../shared/account/estimate.ts';
import type { DeliveryAttempt } from '../../shared/contract/delivery-log.ts';
import { deliveryLogPage } from '../../shared/contract/delivery-log.ts';
import { listQuery } from '../../shared/contract/submission.ts';
import { type Verification, verification, verificationPage } from '../../shared/contract/verification.ts';
import { isFinal } from '../../shared/contract/verification-status.ts';
import type { Logger } from '../../shared/log.ts';
import type { LaneKeys } from '../../shared/store/keys.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { cancelVerification } from '../../shared/store/verifications/cancel.ts';
import { readDeliveryLog } from '../../shared/store/verifications/delivery-state.ts';
import { isSilentlyDeferred } from '../../shared/store/verifications/person-deferral.ts';
import { listIds, readRecords } from '../../shared/store/verifications/read.ts';
import {
  type DeliveryErrorClass,
  deliveryErrorClasses,
  describeErrorClassToClient,
} from '../../shared/webhook/delivery-result.ts';
import type { LaneView } from '../lane-view.ts';
import { problemResponses } from '../openapi.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { clientOf } from '../request-state.ts';
import type { ProducerQueues } from '../submission/enqueue.ts';
import { presentNow, readPositions } from '../waiting.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { erase } from './erase-verification.ts';
import { idParams, logUnreadable, parseIdParam, readOwn } from './own-verification.ts';

export interface VerificationRoutesDeps {
  readonly redis: Redis;
  readonly keys: LaneKeys;
  readonly queues: ProducerQueues;
  readonly lane: LaneView;
  readonly retentionMs: number;
  readonly log: Logger;
  readonly now: () => number;
}

const tags = ['verifications'];
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
      tags,
      summary: 'Show a verification',
      description: 'Until it is final, `Retry-After` says when it is worth asking again.',
      params: idParams,
      response: { 200: verification, ...problemResponses('401', '404', '503') },
    },
    handler: async (request, reply) => {
      const id = parseIdParam(request.params);
      const [record, [position = null], lane] = await Promise.all([
        readOwn(deps, id, clientOf(request).id),
        readPositions(deps.redis, deps.keys, [id]),
        deps.lane.read(),
      ]);
      const at = deps.now();
      const shown = presentNow(record, position, lane, at);
      reply.headers(describePoll(shown, at));
      return shown;
    },
  });
}

function addListRoute(app: FastifyInstance, deps: VerificationRoutesDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/verifications',
    schema: {
      tags,
      summary: 'List verifications, newest first',
      querystring: listQuery,
      response: { 200: verificationPage, ...problemResponses('401', '422', '503') },
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
      tags,
      summary: 'Cancel a verification that has not been sent upstream, or erase any',
      description:
        'Cancelling twice is the same as once; no event follows. With `erase=true` nothing is left: whatever the state, the verification is cancelled if it still can be, and removed with its attempts, its delivery log and its Idempotency-Key. An event that was not delivered yet never will be. 409 only while the upstream is being asked, or the event is being delivered: come back after `Retry-After` seconds.',
      params: idParams,
      querystring: deletionQuery,
      response: {
        200: verification.describe('cancelled'),
        204: z.undefined().describe('erased'),
        ...problemResponses('401', '404', '409', '422', '503'),
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
      await cancel(deps, id, clientId);
      const [record, lane] = await Promise.all([readOwn(deps, id, clientId), deps.lane.read()]);
      return presentNow(record, null, lane, deps.now());
    },
  });
}

function addDeliveryLogRoute(app: FastifyInstance, deps: VerificationRoutesDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/verifications/:id/deliveries',
    schema: {
      tags,
      summary: 'Show the attempts to deliver its event, oldest first',
      params: idParams,
      response: { 200: deliveryLogPage, ...problemResponses('401', '404', '503') },
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

function describePoll(
  { status, submittedAt, estimatedCompletionAt: estimate }: Verification,
  now: number,
): Readonly<Record<string, string>> {
  if (isFinal({ status })) return {};
  const times = { submittedAt: Date.parse(submittedAt), now };
  return retryAfter(computePollAfter(estimate === null ? null : Date.parse(estimate), times));
}

async function listVerifications(
  { redis, keys, lane, log, now }: VerificationRoutesDeps,
  clientId: string,
  query: z.output<typeof listQuery>,
): Promise<z.output<typeof verificationPage>> {
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  const overview = await lane.read();
  const status = query.status === 'held' ? 'queued' : query.status;
  // `held` is how a queued verification shows while its lane is held: one of the two lists is empty at any time.
  const isOtherView =
    (query.status === 'held' && overview.status !== 'held') ||
    (query.status === 'queued' && overview.status === 'held');
  if (isOtherView) return { data: [], nextCursor: null };
  const { ids, next } = await listIds(redis, keys, { clientId, status, limit: query.limit, after });
  const [readings, positions] = await Promise.all([
    readRecords(redis, keys, ids),
    readPositions(redis, keys, ids),
  ]);
  const data = readings.flatMap((reading, i) => {
    if (reading.status === 'unreadable') logUnreadable(log, reading.fields, ids[i] ?? '');
    // One that an earlier version stored as deferred shows as queued, and so is not in the list of the deferred.
    if (reading.status === 'found' && status === 'deferred' && isSilentlyDeferred(reading.record)) return [];
    return reading.status === 'found'
      ? [presentNow(reading.record, positions[i] ?? null, overview, now())]
      : [];
  });
  return { data, nextCursor: next && encodeCursor(next) };
}

async function cancel(
  { redis, keys, queues, retentionMs, log, now }: VerificationRoutesDeps,
  id: string,
  clientId: string,
): Promise<void> {
  const result = await cancelVerification(redis, keys, {
    id,
    clientId,
    now: now(),
    retentionMs,
  });
  if (result === 'missing') throw new ProblemError('not_found');
  if (result === 'too_late') throw new ProblemError('too_late');
  log.info({ event: 'verification_cancelled', verification: id }, 'verification cancelled');
  try {
    // The record decides; a job that a worker has locked already, or that outlives this process, finds it cancelled.
    await queues.deliveries.remove(id, { removeChildren: true });
  } catch (error) {
    log.warn(
      { event: 'job_removal_failed', verification: id, reason: describeRedisError(error) },
      'cannot remove the jobs of a cancelled verification; a worker will',
    );
  }
}

/** Why exactly a receiver was not reached is for operators: it would reveal the network behind this service. */
function presentDeliveryAttempt(attempt: DeliveryAttempt): DeliveryAttempt {
  const { errorClass } = attempt;
  return isErrorClass(errorClass)
    ? { ...attempt, errorClass: describeErrorClassToClient(errorClass) }
    : attempt;
}

function isErrorClass(text: string | null): text is DeliveryErrorClass {
  return deliveryErrorClasses.some((name) => name === text);
}
