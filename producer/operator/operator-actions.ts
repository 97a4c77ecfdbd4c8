import type { FastifyInstance } from 'fastify';
import { pauseAccounts, resumeAccounts } from '../../shared/account/pause-accounts.ts';
import { endpointRequest, holdRequest, pauseRequest } from '../../shared/contract/console.ts';
import { disableEndpoint } from '../../shared/store/endpoints/keep-endpoint-health.ts';
import { type RedeliveryDeps, redeliver } from '../../shared/store/endpoints/redeliver.ts';
import { enableEndpoint } from '../../shared/store/endpoints/release-deferred.ts';
import type { ReportPassedBy } from '../../shared/store/redis/pass-by.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { parseIdParam } from '../verification/own-verification.ts';
import type { NoteAction } from './note-action.ts';
import type { OperatorTasks } from './operator-tasks.ts';

export interface ActionDeps extends RedeliveryDeps {
  readonly tasks: OperatorTasks;
  readonly note: NoteAction;
  readonly report: ReportPassedBy;
  /** ms epoch */
  readonly now: () => number;
}

const nothing = () => undefined;

/** What an operator may change of the lane, its endpoints and its events. Each leaves a line in the log and in Activity, whether or not anything had to be changed. */
export function addOperatorActions(app: FastifyInstance, deps: ActionDeps): void {
  addLaneActions(app, deps);
  addEndpointActions(app, deps);
  addRedeliveries(app, deps);
}

function addLaneActions(app: FastifyInstance, deps: ActionDeps): void {
  const { redis, keys, note } = deps;
  app.post('/console/api/lane/pause', async (request) => {
    const { reason } = parseInput(pauseRequest, request.body ?? {}, 'invalid_request');
    const { status } = await pauseAccounts(redis, keys, { name: null, reason });
    await note(request, { action: 'pause_lane', status, details: { lane: keys.lane, reason } });
    return { status };
  });
  app.post('/console/api/lane/resume', async (request) => {
    const resumption = await resumeAccounts(redis, keys, null);
    await note(request, {
      action: 'resume_lane',
      status: resumption.status,
      details: { lane: keys.lane },
    });
    return resumption;
  });
}

function addEndpointActions(app: FastifyInstance, deps: ActionDeps): void {
  const { redis, keys, tasks, note, report, now } = deps;
  app.post('/console/api/endpoints/hold', async (request) => {
    const { endpoint } = parseInput(holdRequest, request.body ?? {}, 'invalid_request');
    const disabling = await disableEndpoint(redis, keys, endpoint, now());
    // The API's word for it, until 1.0.
    const status = disabling === 'disabled' ? 'held' : 'already_held';
    await note(request, { action: 'hold_endpoint', target: endpoint, status, details: { endpoint } });
    return { status };
  });
  app.post('/console/api/endpoints/release', async (request, reply) => {
    const { endpoint } = parseInput(endpointRequest, request.body ?? {}, 'invalid_request');
    const begun = tasks.start(`release ${endpoint}`, (signal) =>
      enableEndpoint(deps, endpoint, { signal, onProgress: nothing, report }),
    );
    const status = begun ? 'releasing' : 'already_releasing';
    await note(request, { action: 'release_endpoint', target: endpoint, status, details: { endpoint } });
    return reply.code(202).send({ status });
  });
}

function addRedeliveries(app: FastifyInstance, deps: ActionDeps): void {
  app.post('/console/api/verifications/:id/redeliver', async (request, reply) => {
    const id = parseIdParam(request.params);
    const { status } = await redeliver(deps, id);
    await deps.note(request, { action: 'redeliver', target: id, status, details: { verification: id } });
    if (status === 'missing') throw new ProblemError('not_found');
    if (status !== 'redelivered') throw new ProblemError('not_redeliverable');
    return reply.code(202).send({ status });
  });
}
