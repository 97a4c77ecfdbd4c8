import type { FastifyInstance } from 'fastify';
import { pauseAccount, resumeAccount } from '../../shared/account/limiter/pause-account.ts';
import { endpointRequest, holdRequest, pauseRequest } from '../../shared/contract/console.ts';
import type { Logger } from '../../shared/log.ts';
import { disableEndpoint } from '../../shared/store/endpoints/keep-endpoint-health.ts';
import { type RedeliveryDeps, redeliver } from '../../shared/store/endpoints/redeliver.ts';
import { redeliverRange } from '../../shared/store/endpoints/redeliver-range.ts';
import { enableEndpoint } from '../../shared/store/endpoints/release-deferred.ts';
import type { AccountKeys } from '../../shared/store/keys.ts';
import type { ReportPassedBy } from '../../shared/store/redis/pass-by.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { parseIdParam } from '../verification/own-verification.ts';
import type { OperatorTasks } from './operator-tasks.ts';

export interface ActionDeps extends RedeliveryDeps {
  readonly accountKeys: AccountKeys;
  readonly tasks: OperatorTasks;
  readonly report: ReportPassedBy;
  readonly log: Logger;
  /** ms epoch */
  readonly now: () => number;
}

const nothing = () => undefined;

/** What an operator may change. Each leaves one line in the log, whether or not anything had to be changed. */
export function addOperatorActions(app: FastifyInstance, deps: ActionDeps): void {
  addLaneActions(app, deps);
  addEndpointActions(app, deps);
  addRedeliveries(app, deps);
}

function note({ log }: ActionDeps, action: string, details: object): void {
  log.warn({ event: 'operator_action', action, ...details }, 'an operator intervened');
}

function addLaneActions(app: FastifyInstance, deps: ActionDeps): void {
  const { redis, keys, accountKeys } = deps;
  app.post('/console/api/lane/pause', async (request) => {
    const { reason } = parseInput(pauseRequest, request.body ?? {}, 'invalid_request');
    const { status } = await pauseAccount(redis, accountKeys, reason);
    note(deps, 'pause_lane', { lane: keys.lane, status, reason });
    return { status };
  });
  app.post('/console/api/lane/resume', async () => {
    const { status } = await resumeAccount(redis, accountKeys);
    note(deps, 'resume_lane', { lane: keys.lane, status });
    return { status };
  });
}

function addEndpointActions(app: FastifyInstance, deps: ActionDeps): void {
  const { redis, keys, tasks, report, now } = deps;
  app.post('/console/api/endpoints/hold', async (request) => {
    const { endpoint } = parseInput(holdRequest, request.body ?? {}, 'invalid_request');
    const disabling = await disableEndpoint(redis, keys, endpoint, now());
    // The API's word for it, until 1.0.
    const status = disabling === 'disabled' ? 'held' : 'already_held';
    note(deps, 'hold_endpoint', { endpoint, status });
    return { status };
  });
  app.post('/console/api/endpoints/release', async (request, reply) => {
    const { endpoint } = parseInput(endpointRequest, request.body ?? {}, 'invalid_request');
    const begun = tasks.start(`release ${endpoint}`, (signal) =>
      enableEndpoint(deps, endpoint, { signal, onProgress: nothing, report }),
    );
    const status = begun ? 'releasing' : 'already_releasing';
    note(deps, 'release_endpoint', { endpoint, status });
    return reply.code(202).send({ status });
  });
}

function addRedeliveries(app: FastifyInstance, deps: ActionDeps): void {
  app.post('/console/api/verifications/:id/redeliver', async (request, reply) => {
    const id = parseIdParam(request.params);
    const { status } = await redeliver(deps, id);
    note(deps, 'redeliver', { verification: id, status });
    if (status === 'missing') throw new ProblemError('not_found');
    if (status !== 'redelivered') throw new ProblemError('not_redeliverable');
    return reply.code(202).send({ status });
  });
  app.post('/console/api/dead-letters/redeliver', async (_request, reply) => {
    // What dies again while this runs is not picked up again.
    const until = deps.now();
    const begun = deps.tasks.start('redeliver dead letters', async (signal) => {
      const range = { events: 'dead', clientId: null, since: 0, until } as const;
      const { counts } = await redeliverRange(deps, range, {
        signal,
        onProgress: nothing,
        report: deps.report,
      });
      return counts;
    });
    const status = begun ? 'redelivering' : 'already_redelivering';
    note(deps, 'redeliver_dead_letters', { status });
    return reply.code(202).send({ status });
  });
}
