import type { FastifyInstance } from 'fastify';
import {
  REDELIVERY_PAGE_MAX,
  type RedeliveryProgress,
  type RedeliveryRange,
  redeliveryProgress,
  redeliveryRange,
} from '../../shared/contract/redelivery-range.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { isCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import { foreseeRedelivery, type RedeliveryDeps, redeliver } from '../../shared/store/endpoints/redeliver.ts';
import { walkSortedSet } from '../../shared/store/endpoints/walk-sorted-set.ts';
import { noteChange } from '../endpoints/note-change.ts';
import type { ProducerMetrics } from '../metrics.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import {
  type RedeliveryLimits,
  type RedeliveryRoom,
  requireRedeliveryRate,
  takeRedeliveryRoom,
} from '../redelivery-limit.ts';
import { clientOf } from '../request-state.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

export interface RedeliverRangeDeps extends RedeliveryDeps {
  readonly redeliveryLimits: RedeliveryLimits;
  readonly metrics: Pick<ProducerMetrics, 'countRedelivery'>;
  readonly audit: Pick<Audit, 'note'>;
}

/** One request looks at so many verifications at most, whatever it redelivers of them. */
const MOST_LOOKED_AT = 1_000;

/**
 * The events of a period once more, a part with each request: nothing goes on behind a client's back, and where it stands is in
 * the client's hands, not in a process that may end.
 */
export function addRedeliverRangeRoute(app: FastifyInstance, deps: RedeliverRangeDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/redeliveries',
    schema: {
      operationId: 'redeliverRange',
      tags: ['Events'],
      summary: 'Deliver the events of a period again',
      description:
        'Oldest first, at most a hundred with one request; repeat it with `nextCursor` as `cursor` until that is null. Without `deliveryStatus`, events that were delivered are sent again too. Each event that is redelivered counts as a redelivery. When the limit is reached, the answer says how far it came.',
      body: { content: { 'application/json': { schema: redeliveryRange } } },
      response: {
        200: redeliveryProgress.describe('How far it came'),
        ...problemResponses('redeliverRange'),
      },
    },
    handler: async (request): Promise<RedeliveryProgress> => {
      const client = clientOf(request);
      const range = parseInput(redeliveryRange, request.body, 'invalid_request');
      if (Date.parse(range.until) <= Date.parse(range.from)) throw emptyRange();
      if (!client.selfService.enabled) throw new ProblemError('self_service_off');
      const progress = await redeliverPart(deps, client, range);
      // A request that did nothing leaves nothing: a client could fill the trail with them.
      if (progress.redelivered === 0) return progress;
      await noteChange(deps, client.id, {
        action: 'redeliver_range',
        targetKind: 'client',
        target: client.id,
        result: 'redelivered',
        details: { from: range.from, until: range.until, redelivered: progress.redelivered },
      });
      return progress;
    },
  });
}

const emptyRange = () =>
  new ProblemError('invalid_request', {
    errors: [{ pointer: '/until', code: 'not_after_from', detail: 'must be later than from' }],
  });

/** @throws {ProblemError} when the limits let nothing through, or the cursor is none */
async function redeliverPart(
  deps: RedeliverRangeDeps,
  client: ClientIdentity,
  { from, until, deliveryStatus, limit = REDELIVERY_PAGE_MAX, cursor }: RedeliveryRange,
): Promise<RedeliveryProgress> {
  const after = cursor === undefined ? null : decodeCursor(cursor);
  const counts = { redelivered: 0, notDue: 0, unanswered: 0, notAllowed: 0, missing: 0 };
  const states = deliveryStatus === undefined ? undefined : [deliveryStatus];
  let last = after;
  let looked = 0;
  const walk = walkSortedSet(deps.redis, {
    key: deps.keys.clientIndex(client.id),
    min: Math.max(after?.submittedAt ?? 0, Date.parse(from)),
    max: Date.parse(until) - 1,
    pageSize: limit,
  });
  for await (const { member: id, score: submittedAt } of walk) {
    if (after !== null && submittedAt === after.submittedAt && id <= after.id) continue;
    const progress = () => ({ ...counts, nextCursor: last === null ? null : encodeCursor(last) });
    if (counts.redelivered >= limit || looked >= MOST_LOOKED_AT) return progress();
    const outlook = await foresee(deps, client, id, states);
    // What is left alone costs the client nothing: otherwise it would not come past many of them.
    const room = outlook === 'due' ? await findRoom(deps, { clientId: client.id, id }, looked > 0) : null;
    if (outlook === 'due' && room === null) return progress();
    counts[outlook === 'due' ? await redeliverOne(deps, id, states, room) : outlook] += 1;
    last = { submittedAt, id };
    looked += 1;
  }
  return { ...counts, nextCursor: null };
}

/** Refused outright only as long as the request has come past nothing; otherwise null. @throws {ProblemError} */
async function findRoom(
  deps: RedeliverRangeDeps,
  one: { readonly clientId: string; readonly id: string },
  hasProgress: boolean,
): Promise<RedeliveryRoom | null> {
  const { redis, keys, redeliveryLimits } = deps;
  try {
    await requireRedeliveryRate(redis, keys, one.clientId, redeliveryLimits);
    return await takeRedeliveryRoom(redis, keys, one, redeliveryLimits);
  } catch (error) {
    if (!(error instanceof ProblemError) || !hasProgress) throw error;
    return null;
  }
}

type Count = Exclude<keyof RedeliveryProgress, 'nextCursor'>;
type States = Parameters<typeof redeliver>[2];

async function foresee(
  deps: RedeliverRangeDeps,
  client: ClientIdentity,
  id: string,
  states: States,
): Promise<'due' | Count> {
  const url = (await deps.redis.hget(deps.keys.record(id), 'callbackUrl')) || null;
  if (url !== null && URL.canParse(url) && !isCallbackAllowed(client, new URL(url))) return 'notAllowed';
  const outlook = await foreseeRedelivery(deps, id, states);
  return outlook === 'not_due' ? 'notDue' : outlook;
}

async function redeliverOne(
  deps: RedeliverRangeDeps,
  id: string,
  states: States,
  room: RedeliveryRoom | null,
): Promise<Count> {
  const { status } = await redeliver(deps, id, states);
  await room?.settle(status === 'redelivered');
  if (status !== 'redelivered') return status === 'not_due' ? 'notDue' : status;
  deps.metrics.countRedelivery('redelivered');
  return 'redelivered';
}
