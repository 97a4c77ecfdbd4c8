import type { FastifyInstance } from 'fastify';
import { consoleListQuery } from '../../shared/contract/console.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { parseIdParam } from '../verification/own-verification.ts';
import { filterVerifications } from './filter-verifications.ts';
import { type FindDeps, readDetail, searchVerifications } from './find-verifications.ts';
import { addEndpointList } from './list-endpoints.ts';
import { readSnapshot, type SnapshotDeps } from './snapshot.ts';

/** What an operator may look at besides the live page. */
export function addConsoleQueries(app: FastifyInstance, deps: FindDeps & SnapshotDeps): void {
  app.get('/console/api/snapshot', () => readSnapshot(deps));

  app.get('/console/api/verifications', async (request) => {
    const query = parseInput(consoleListQuery, request.query, 'invalid_query');
    if (query.search !== undefined) return searchVerifications(deps, query.search, query.limit);
    return filterVerifications(deps, query);
  });

  app.get('/console/api/verifications/:id', async (request) => {
    const detail = await readDetail(deps, parseIdParam(request.params));
    if (detail === null) throw new ProblemError('not_found');
    return detail;
  });

  addEndpointList(app, deps);
}
