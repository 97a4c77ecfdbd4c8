import type { FastifyInstance } from 'fastify';
import { consoleListQuery } from '../../shared/contract/console.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { parseIdParam } from '../verification/own-verification.ts';
import { filterVerifications } from './filter-verifications.ts';
import { type FindDeps, readDetail, searchVerifications } from './find-verifications.ts';
import { addEndpointList } from './list-endpoints.ts';
import type { NoteReading } from './note-reading.ts';
import { readSnapshot, type SnapshotDeps } from './snapshot.ts';

export interface ConsoleQueryDeps extends FindDeps, SnapshotDeps {
  readonly noteReading: NoteReading;
}

/** What an operator may look at besides the live page. The audit trail has what is near to a person. */
export function addConsoleQueries(app: FastifyInstance, deps: ConsoleQueryDeps): void {
  app.get('/console/api/snapshot', () => readSnapshot(deps));

  app.get('/console/api/verifications', async (request) => {
    const query = parseInput(consoleListQuery, request.query, 'invalid_query');
    const page = await (query.search === undefined
      ? filterVerifications(deps, query)
      : searchVerifications(deps, query.search, query.limit));
    // A reading that was refused, by its cursor, was none.
    const action = query.search === undefined ? 'read_verifications' : 'search_verifications';
    await deps.noteReading(request, { action, target: null });
    return page;
  });

  app.get('/console/api/verifications/:id', async (request) => {
    const id = parseIdParam(request.params);
    const detail = await readDetail(deps, id);
    if (detail === null) throw new ProblemError('not_found');
    await deps.noteReading(request, { action: 'read_verification', target: id });
    return detail;
  });

  addEndpointList(app, deps);
}
