import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { operatorActor } from '../../shared/audit/actor.ts';
import { countOpenWork, deleteClient } from '../../shared/store/clients/delete-client.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { OperatorIdentity } from '../../shared/store/operators/operators.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import type { ProducerQueues } from '../submission/enqueue.ts';
import { parseClientParam } from './client-routes.ts';
import type { ActionDeps } from './operator-actions.ts';

export interface ClientDeletionRouteDeps extends ActionDeps {
  readonly queues: ProducerQueues;
  readonly operatorOf: (request: FastifyRequest) => OperatorIdentity;
  /** Of the lane for test keys; null where this deployment has none. */
  readonly testKeys: StoreKeys | null;
  /** How long receipts of what is erased can be had, ms. */
  readonly keptMs: number;
}

const flag = z.enum(['true', 'false']).default('false');
const deletionQuery = z.strictObject({ cancel: flag, dryRun: flag });

/**
 * `DELETE /console/api/clients/:client`: answers 200 with what came of it: `deleted`; `in_use`, when something waits and
 * nothing was changed; `busy`, when some of it is under way right now.
 */
export function addClientDeletionRoute(app: FastifyInstance, deps: ClientDeletionRouteDeps): void {
  const { queues, note, operatorOf } = deps;
  const removeJobs = async (jobs: readonly string[]) => {
    for (const job of jobs) await queues.deliveries.remove(job, { removeChildren: true });
  };
  app.delete('/console/api/clients/:client', async (request) => {
    const clientId = parseClientParam(request);
    const { cancel, dryRun } = parseInput(deletionQuery, request.query, 'invalid_query');
    if (dryRun === 'true') {
      const counts = await countOpenWork(deps, clientId);
      if (counts === null) throw new ProblemError('not_found');
      return { status: 'would_delete', ...counts };
    }
    const by = operatorActor(operatorOf(request).name);
    const way = { ...deps, by, removeJobs, pause: (ms: number) => delay(ms) };
    const deletion = await deleteClient(way, clientId, { cancel: cancel === 'true' });
    await note(request, { action: 'delete_client', target: clientId, status: deletion.status });
    if (deletion.status === 'missing') throw new ProblemError('not_found');
    return deletion;
  });
}
