import type { FastifyInstance } from 'fastify';
import {
  type ConsoleDeadLetterPage,
  deadLetterQuery,
  deadLetterRedelivery,
} from '../../shared/contract/console.ts';
import { redeliver } from '../../shared/store/endpoints/redeliver.ts';
import { redeliverRange } from '../../shared/store/endpoints/redeliver-range.ts';
import type { ListCursor } from '../../shared/store/verifications/read.ts';
import { readDeliveryLog } from '../../shared/store/verifications/read-delivery-log.ts';
import { parseInput } from '../parse-input.ts';
import { decodeCursor, encodeCursor } from '../routes/cursor.ts';
import { createCallbackOrigins } from './callback-origins.ts';
import { type FindDeps, presentLine } from './find-verifications.ts';
import type { ActionDeps } from './operator-actions.ts';
import { scanIndex } from './scan-index.ts';

/** Dead letters that one request compares with a filter. */
const COMPARED_PER_REQUEST = 1_000;

/** `/console/api/dead-letters`: events that were given up, and what is sent again of them. */
export function addDeadLetterRoutes(app: FastifyInstance, deps: FindDeps & ActionDeps): void {
  app.get('/console/api/dead-letters', async (request) => {
    const { cursor, ...query } = parseInput(deadLetterQuery, request.query, 'invalid_query');
    return listDeadLetters(deps, { ...query, after: cursor === undefined ? null : decodeCursor(cursor) });
  });
  app.post('/console/api/dead-letters/redeliver', async (request, reply) => {
    const { ids, client } = parseInput(deadLetterRedelivery, request.body ?? {}, 'invalid_request');
    if (ids !== undefined) {
      const counts = await redeliverSome(deps, ids);
      await deps.note(request, {
        action: 'redeliver_dead_letters',
        status: `redelivered ${counts.redelivered}`,
      });
      return reply.code(202).send({ status: 'redelivered', ...counts });
    }
    const status = startRedelivery(deps, client ?? null);
    const target = client === undefined ? {} : { target: client };
    await deps.note(request, { action: 'redeliver_dead_letters', status, ...target });
    return reply.code(202).send({ status });
  });
}

interface DeadLetterSearch {
  readonly client?: string | undefined;
  readonly origin?: string | undefined;
  readonly limit: number;
  readonly after: ListCursor | null;
}

/** The latest first. What is gone meanwhile, or cannot be read, is left out. */
async function listDeadLetters(deps: FindDeps, search: DeadLetterSearch): Promise<ConsoleDeadLetterPage> {
  const lane = await deps.lane.read();
  const origins = createCallbackOrigins(deps);
  const isFiltered = search.client !== undefined || search.origin !== undefined;
  const { found, next } = await scanIndex(deps, {
    index: deps.keys.deadLetters(),
    after: search.after,
    limit: search.limit,
    most: isFiltered ? COMPARED_PER_REQUEST : search.limit,
    present: async (record, { submittedAt: diedAt }) => {
      const origin = await origins.find(record);
      const isWanted =
        (search.client === undefined || record.clientId === search.client) &&
        (search.origin === undefined || (origin ?? 'none') === search.origin);
      return isWanted ? presentDeadLetter(deps, presentLine(record, lane), origin, diedAt) : null;
    },
  });
  return { data: found, nextCursor: next && encodeCursor(next) };
}

async function presentDeadLetter(
  { redis, keys }: FindDeps,
  line: ReturnType<typeof presentLine>,
  origin: string | null,
  diedAt: number,
): Promise<ConsoleDeadLetterPage['data'][number]> {
  const latest = (await readDeliveryLog(redis, keys, line.id)).at(-1);
  return {
    ...line,
    origin,
    diedAt: new Date(diedAt).toISOString(),
    latest: latest ? { at: latest.at, status: latest.status, errorClass: latest.errorClass } : null,
  };
}

async function redeliverSome(deps: ActionDeps, ids: readonly string[]) {
  const counts = { redelivered: 0, leftAlone: 0 };
  for (const id of ids) {
    const { status } = await redeliver(deps, id, ['dead']);
    counts[status === 'redelivered' ? 'redelivered' : 'leftAlone'] += 1;
  }
  return counts;
}

function startRedelivery(deps: ActionDeps, clientId: string | null): 'redelivering' | 'already_redelivering' {
  // What dies again while this runs is not picked up again.
  const range = { events: 'dead', clientId, since: 0, until: deps.now() } as const;
  const name = clientId === null ? 'redeliver dead letters' : `redeliver dead letters of ${clientId}`;
  const begun = deps.tasks.start(name, async (signal) => {
    const watch = { signal, onProgress: () => undefined, report: deps.report };
    return (await redeliverRange(deps, range, watch)).counts;
  });
  return begun ? 'redelivering' : 'already_redelivering';
}
