import type { FastifyInstance } from 'fastify';
import { type ConsoleEndpoints, consoleListQuery } from '../../shared/contract/console.ts';
import { ANY_ORIGIN } from '../../shared/store/clients/client.ts';
import { describeClient, listClientIds } from '../../shared/store/clients/describe-client.ts';
import { listSomeEndpoints } from '../../shared/store/endpoints/list-endpoints.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { decodeCursor } from '../routes/cursor.ts';
import { parseIdParam } from '../verification/own-verification.ts';
import {
  type FindDeps,
  listDeadLetters,
  listRecent,
  readDetail,
  searchVerifications,
} from './find-verifications.ts';
import { presentEndpoint, readSnapshot, type SnapshotDeps } from './snapshot.ts';

const deadLetterQuery = consoleListQuery.omit({ search: true });

/** What an operator may look at besides the live page. */
export function addConsoleQueries(app: FastifyInstance, deps: FindDeps & SnapshotDeps): void {
  app.get('/console/api/snapshot', () => readSnapshot(deps));

  app.get('/console/api/verifications', async (request) => {
    const { search, limit, cursor } = parseInput(consoleListQuery, request.query, 'invalid_query');
    if (search !== undefined) return searchVerifications(deps, search, limit);
    return listRecent(deps, { limit, after: cursor === undefined ? undefined : decodeCursor(cursor) });
  });

  app.get('/console/api/verifications/:id', async (request) => {
    const detail = await readDetail(deps, parseIdParam(request.params));
    if (detail === null) throw new ProblemError('not_found');
    return detail;
  });

  app.get('/console/api/dead-letters', async (request) => {
    const { limit, cursor } = parseInput(deadLetterQuery, request.query, 'invalid_query');
    return listDeadLetters(deps, { limit, after: cursor === undefined ? undefined : decodeCursor(cursor) });
  });

  app.get('/console/api/endpoints', () => readEndpoints(deps));
}

/** An operator picks one from a list; with more of them the command line is the tool. */
const MAX_LISTED = 1_000;

/** Those of the clients' settings, and those that are failing, held or waited for. */
async function readEndpoints({ redis, keys, now }: FindDeps): Promise<ConsoleEndpoints> {
  const ids = await listClientIds(redis, keys);
  const clients = await Promise.all(
    ids.slice(0, MAX_LISTED).map((id) => describeClient(redis, keys, id, now())),
  );
  const known = clients.flatMap((reading) => {
    if (reading.status !== 'found') return [];
    const { id, callbackUrl, allowedOrigins } = reading.client;
    const origins = allowedOrigins.filter((origin) => origin !== ANY_ORIGIN);
    const own = callbackUrl !== null && URL.canParse(callbackUrl) ? [new URL(callbackUrl).origin] : [];
    return [...own, ...origins].map((origin) => `${id} ${origin}`);
  });
  const { endpoints, total } = await listSomeEndpoints(redis, keys, known, MAX_LISTED);
  return { data: endpoints.map(presentEndpoint), total };
}
