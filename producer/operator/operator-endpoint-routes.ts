import type { FastifyInstance } from 'fastify';
import type { RotatedSecret } from '../../shared/contract/endpoint.ts';
import {
  type NewOperatorEndpointAnswer,
  newOperatorEndpoint,
  type OperatorEndpoint,
  type OperatorEndpoints,
  operatorEndpointChange,
} from '../../shared/contract/operator-endpoint.ts';
import type { TestDelivery } from '../../shared/contract/test-delivery.ts';
import type { ClientStore } from '../../shared/store/clients/client.ts';
import type { RedeliveryDeps } from '../../shared/store/endpoints/redeliver.ts';
import {
  addOperatorEndpoint,
  changeOperatorEndpoint,
  hasOperatorEndpoint,
  listOperatorEndpoints,
  presentOperatorEndpoints,
  removeOperatorEndpoint,
  rotateOperatorEndpointSecret,
} from '../../shared/store/push/operator-endpoints.ts';
import { OPERATORS } from '../../shared/store/push/push-endpoint.ts';
import { describeTest } from '../../shared/store/push/test-event.ts';
import { parseCallbackUrl } from '../../shared/webhook/callback-url.ts';
import { requireKnownSequence } from '../endpoints/client-endpoints.ts';
import { endpointIdOf } from '../endpoints/endpoint-id.ts';
import { overlapOf } from '../endpoints/rotation-overlap.ts';
import { sendTestEvent } from '../endpoints/send-test-event.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import type { CallbackRules } from './check-settings.ts';
import type { NoteAction } from './note-action.ts';

export interface OperatorEndpointDeps extends ClientStore, RedeliveryDeps {
  readonly rules: CallbackRules;
  readonly note: NoteAction;
  /** ms epoch */
  readonly now: () => number;
}

const PATH = '/console/api/operator-endpoints';

/** In normal form. @throws {ProblemError} invalid_request */
function checkUrl({ rules }: OperatorEndpointDeps, url: string): string {
  const parsed = parseCallbackUrl(url, { allowInsecure: rules.allowInsecureCallbacks });
  if (parsed.ok) return parsed.href;
  const detail = 'must be an https URL of a public host, without credentials and fragment';
  throw new ProblemError('invalid_request', {
    errors: [{ pointer: '/url', code: parsed.problem, detail }],
  });
}

/** `/console/api/operator-endpoints`: where it is posted that a lane asks nothing, and that it asks again. */
export function addOperatorEndpointRoutes(app: FastifyInstance, deps: OperatorEndpointDeps): void {
  const { note, now } = deps;
  app.get(PATH, async (): Promise<OperatorEndpoints> => ({ data: await listOperatorEndpoints(deps) }));

  app.post(PATH, async (request, reply) => {
    const { url, ...settings } = parseInput(newOperatorEndpoint, request.body ?? {}, 'invalid_request');
    await requireKnownSequence(deps, OPERATORS, settings.after);
    const addition = await addOperatorEndpoint(deps, { ...settings, url: checkUrl(deps, url), now: now() });
    if (addition.status !== 'added') throw new ProblemError('too_many_endpoints');
    const { endpoint, secret } = addition;
    await note(request, { action: 'add_operator_endpoint', target: endpoint.id, status: 'added' });
    const [shown] = await presentOperatorEndpoints(deps, [endpoint]);
    if (shown === undefined) throw new ProblemError('not_found');
    const made: NewOperatorEndpointAnswer = { ...shown, secret };
    return reply.code(201).send(made);
  });

  app.patch(`${PATH}/:id`, async (request): Promise<OperatorEndpoint> => {
    const id = endpointIdOf(request);
    const { url, ...change } = parseInput(operatorEndpointChange, request.body ?? {}, 'invalid_request');
    const checked = url === undefined ? {} : { url: checkUrl(deps, url) };
    await requireKnownSequence(deps, OPERATORS, change.after);
    const changed = await changeOperatorEndpoint(deps, id, { ...change, ...checked });
    if (changed === null) throw new ProblemError('not_found');
    await note(request, { action: 'change_operator_endpoint', target: id, status: 'changed' });
    return changed;
  });

  app.delete(`${PATH}/:id`, async (request) => {
    const id = endpointIdOf(request);
    if (!(await removeOperatorEndpoint(deps, id))) throw new ProblemError('not_found');
    await note(request, { action: 'remove_operator_endpoint', target: id, status: 'removed' });
    return { removed: id };
  });
  addSecretAndTestRoutes(app, deps);
}

function addSecretAndTestRoutes(app: FastifyInstance, deps: OperatorEndpointDeps): void {
  const { note, now } = deps;
  app.post(`${PATH}/:id/rotate-secret`, async (request): Promise<RotatedSecret> => {
    const id = endpointIdOf(request);
    const options = { overlapMs: overlapOf(request.body), now: now() };
    const rotated = await rotateOperatorEndpointSecret(deps, id, options);
    if (rotated === null) throw new ProblemError('not_found');
    await note(request, { action: 'rotate_operator_endpoint_secret', target: id, status: 'rotated' });
    const { secret, previousSignsUntil } = rotated;
    return { secret, previousSignsUntil: new Date(previousSignsUntil).toISOString() };
  });

  app.post(`${PATH}/:id/test`, async (request): Promise<TestDelivery> => {
    const id = endpointIdOf(request);
    if (!(await hasOperatorEndpoint(deps, id))) throw new ProblemError('not_found');
    const sent = await sendTestEvent(deps, { clientId: OPERATORS, receiver: id });
    await note(request, { action: 'test_operator_endpoint', target: id, status: describeTest(sent) });
    return sent;
  });
}
