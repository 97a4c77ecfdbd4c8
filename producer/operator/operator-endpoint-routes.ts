import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import {
  type NewOperatorEndpointAnswer,
  newOperatorEndpoint,
  type OperatorEndpoints,
} from '../../shared/contract/operator-endpoint.ts';
import type { ClientStore } from '../../shared/store/clients/client.ts';
import {
  addOperatorEndpoint,
  listOperatorEndpoints,
  removeOperatorEndpoint,
} from '../../shared/store/push/operator-endpoints.ts';
import { parseCallbackUrl } from '../../shared/webhook/callback-url.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import type { CallbackRules } from './check-settings.ts';
import type { NoteAction } from './note-action.ts';

export interface OperatorEndpointDeps extends ClientStore {
  readonly rules: CallbackRules;
  readonly note: NoteAction;
  /** ms epoch */
  readonly now: () => number;
}

const params = z.object({ id: z.string().regex(/^ep_[0-9a-z]{26}$/) });

/** `/console/api/operator-endpoints`: where it is posted that a lane asks nothing, and that it asks again. */
export function addOperatorEndpointRoutes(app: FastifyInstance, deps: OperatorEndpointDeps): void {
  const { rules, note, now } = deps;
  app.get(
    '/console/api/operator-endpoints',
    async (): Promise<OperatorEndpoints> => ({ data: await listOperatorEndpoints(deps) }),
  );

  app.post('/console/api/operator-endpoints', async (request, reply) => {
    const { url } = parseInput(newOperatorEndpoint, request.body ?? {}, 'invalid_request');
    const parsed = parseCallbackUrl(url, { allowInsecure: rules.allowInsecureCallbacks });
    if (!parsed.ok) {
      const detail = 'must be an https URL of a public host, without credentials and fragment';
      throw new ProblemError('invalid_request', {
        errors: [{ pointer: '/url', code: parsed.problem, detail }],
      });
    }
    const addition = await addOperatorEndpoint(deps, { url: parsed.href, now: now() });
    if (addition.status !== 'added') throw new ProblemError('too_many_endpoints');
    const { endpoint, secret } = addition;
    await note(request, { action: 'add_operator_endpoint', target: endpoint.id, status: 'added' });
    const made: NewOperatorEndpointAnswer = { id: endpoint.id, url: endpoint.url, secret };
    return reply.code(201).send(made);
  });

  app.delete('/console/api/operator-endpoints/:id', async (request) => {
    const parsed = params.safeParse(request.params);
    if (!parsed.success || !(await removeOperatorEndpoint(deps, parsed.data.id))) {
      throw new ProblemError('not_found');
    }
    await note(request, { action: 'remove_operator_endpoint', target: parsed.data.id, status: 'removed' });
    return { removed: parsed.data.id };
  });
}
