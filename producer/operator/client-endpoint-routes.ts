import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  type ConsoleClientEndpoints,
  type ConsoleTestDelivery,
  type ConsoleTestReceivers,
  changedEndpointRequest,
  newEndpointRequest,
} from '../../shared/contract/console-endpoints.ts';
import type { TestDelivery } from '../../shared/contract/test-delivery.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import { describeClient } from '../../shared/store/clients/describe-client.ts';
import { CALLBACK, parseReceiverAuths } from '../../shared/store/clients/receiver-auth.ts';
import type { RedeliveryDeps } from '../../shared/store/endpoints/redeliver.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { describeTest } from '../../shared/store/push/test-event.ts';
import {
  addClientEndpoint,
  type ClientEndpointDeps,
  changeClientEndpoint,
  type EndpointOwner,
  listClientEndpoints,
  removeClientEndpoint,
  rotateClientEndpoint,
} from '../endpoints/client-endpoints.ts';
import { endpointIdOf } from '../endpoints/endpoint-id.ts';
import { presentReceiverAuth } from '../endpoints/read-receiver-auth.ts';
import { overlapOf } from '../endpoints/rotation-overlap.ts';
import { sendTestEvent } from '../endpoints/send-test-event.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { parseClientParam } from './client-routes.ts';
import type { NoteAction } from './note-action.ts';

export interface ClientEndpointRouteDeps extends ClientEndpointDeps, RedeliveryDeps {
  readonly note: NoteAction;
  /** Of the lane for test keys; null where this deployment has none. */
  readonly testKeys: StoreKeys | null;
}

const PATH = '/console/api/clients/:client/endpoints';

/** What a client does with its own endpoints under `/v1/endpoints`, by an operator. What a receiver asks for is its client's to give. */
export function addClientEndpointRoutes(app: FastifyInstance, deps: ClientEndpointRouteDeps): void {
  app.get(PATH, async (request): Promise<ConsoleClientEndpoints> => {
    const { id, selfService } = await readClient(deps, request);
    return {
      data: await listClientEndpoints(deps, id),
      most: selfService.maxEndpoints ?? deps.maxEndpoints,
      callbackAuth: await readCallbackAuth(deps, id),
      test: await readTestReceivers(deps, id),
    };
  });

  app.post(PATH, async (request, reply) => {
    const given = parseInput(newEndpointRequest, request.body ?? {}, 'invalid_request');
    const created = await addClientEndpoint(deps, await ownerOf(deps, request), given);
    return reply.code(201).send(created);
  });

  app.patch(`${PATH}/:id`, async (request) => {
    const change = parseInput(changedEndpointRequest, request.body ?? {}, 'invalid_request');
    return changeClientEndpoint(deps, await ownerOf(deps, request), endpointIdOf(request), change);
  });

  app.delete(`${PATH}/:id`, async (request) => {
    const id = endpointIdOf(request);
    await removeClientEndpoint(deps, await ownerOf(deps, request), id);
    return { removed: id };
  });

  app.post(`${PATH}/:id/rotate-secret`, async (request) => {
    const rotation = { id: endpointIdOf(request), overlapMs: overlapOf(request.body) };
    return rotateClientEndpoint(deps, await ownerOf(deps, request), rotation);
  });

  addTests(app, deps);
}

async function readCallbackAuth(
  { redis, keys, now }: Pick<ClientEndpointRouteDeps, 'redis' | 'keys' | 'now'>,
  clientId: string,
): Promise<ConsoleClientEndpoints['callbackAuth']> {
  const auths = parseReceiverAuths((await redis.hget(keys.client(clientId), 'receiverAuth')) ?? '');
  return presentReceiverAuth(auths[CALLBACK], now());
}

/** Those of its twin in the test lane. */
async function readTestReceivers(
  { redis, keys, testKeys, now }: ClientEndpointRouteDeps,
  clientId: string,
): Promise<ConsoleTestReceivers | null> {
  if (testKeys === null || testKeys.tag === keys.tag) return null;
  const twin = await describeClient(redis, testKeys, clientId, now());
  if (twin.status !== 'found') return null;
  const lane = { redis, keys: testKeys, now };
  return {
    callbackUrl: twin.client.callbackUrl,
    callbackAuth: await readCallbackAuth(lane, clientId),
    data: await listClientEndpoints(lane, clientId),
  };
}

function addTests(app: FastifyInstance, deps: ClientEndpointRouteDeps): void {
  app.post(`${PATH}/:id/test`, async (request): Promise<ConsoleTestDelivery> => {
    const [{ client, note }, receiver] = [await ownerOf(deps, request), endpointIdOf(request)];
    const endpoints = await listClientEndpoints(deps, client.id);
    if (!endpoints.some(({ id }) => id === receiver)) throw new ProblemError('not_found');
    const delivery = await sendTestEvent(deps, { clientId: client.id, receiver });
    await note(receiver, 'test_endpoint', describeTest(delivery));
    return withoutAnswer(delivery);
  });

  app.post('/console/api/clients/:client/callback/test', async (request): Promise<ConsoleTestDelivery> => {
    const { id: clientId, callbackUrl } = await readClient(deps, request);
    if (callbackUrl === null) throw new ProblemError('no_callback_url');
    const delivery = await sendTestEvent(deps, { clientId, receiver: CALLBACK });
    const status = describeTest(delivery);
    await deps.note(request, { action: 'test_callback', target: clientId, status });
    return withoutAnswer(delivery);
  });
}

/** Operators see no words of a receiver: those to other events may name the person. */
const withoutAnswer = ({ answer: _, ...delivery }: TestDelivery): ConsoleTestDelivery => delivery;

async function ownerOf(deps: ClientEndpointRouteDeps, request: FastifyRequest): Promise<EndpointOwner> {
  return {
    client: await readClient(deps, request),
    note: (target, action, status) => deps.note(request, { action, target, status }),
  };
}

/** @throws {ProblemError} not_found */
async function readClient(
  { redis, keys, now }: ClientEndpointRouteDeps,
  request: FastifyRequest,
): Promise<ClientIdentity> {
  const describing = await describeClient(redis, keys, parseClientParam(request), now());
  if (describing.status !== 'found') throw new ProblemError('not_found');
  return describing.client;
}
