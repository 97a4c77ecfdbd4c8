import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { secretRotation } from '../../shared/contract/callback.ts';
import {
  type CreatedEndpoint,
  createdEndpoint,
  type Endpoint,
  endpoint,
  endpointChange,
  endpointPage,
  newEndpoint,
  type RotatedSecret,
  rotatedSecret,
} from '../../shared/contract/endpoint.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
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
import { limitChanges } from '../endpoints/limit-changes.ts';
import { noteChange } from '../endpoints/note-change.ts';
import { overlapOf } from '../endpoints/rotation-overlap.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { clientOf } from '../request-state.ts';

export interface EndpointRouteDeps extends ClientEndpointDeps {
  readonly audit: Pick<Audit, 'note'>;
}

const params = z.object({ id: z.string().describe('ep_…') });

/** A client's own endpoints, under its own key: it never sees another's, because each is looked for in its own list. */
export function addEndpointRoutes(app: FastifyInstance, deps: EndpointRouteDeps): void {
  addListRoute(app, deps);
  addAdditionRoute(app, deps);
  addChangeRoute(app, deps);
  addRemovalRoute(app, deps);
  addRotationRoute(app, deps);
}

function addListRoute(app: FastifyInstance, deps: EndpointRouteDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/endpoints',
    schema: {
      operationId: 'listEndpoints',
      tags: ['Events'],
      summary: 'List your endpoints',
      description: 'Receivers of your events beside your callback, and how far each is.',
      response: { 200: endpointPage.describe('All of them'), ...problemResponses('listEndpoints') },
    },
    handler: async (request) => ({ data: await listClientEndpoints(deps, clientOf(request).id) }),
  });
}

function addAdditionRoute(app: FastifyInstance, deps: EndpointRouteDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/endpoints',
    schema: {
      operationId: 'addEndpoint',
      tags: ['Events'],
      summary: 'Add an endpoint',
      description:
        'It gets your events in the order of their `sequence`, one after the other, each with the same `webhook-id` and bytes as your callback does, signed with a secret of its own. Your callback is not affected.',
      body: { content: { 'application/json': { schema: newEndpoint } } },
      response: {
        201: createdEndpoint.describe('The endpoint, with its secret'),
        ...problemResponses('addEndpoint'),
      },
    },
    handler: async (request, reply): Promise<CreatedEndpoint> => {
      const given = parseInput(newEndpoint, request.body, 'invalid_request');
      const owner = await admitChange(deps, clientOf(request));
      const created = await addClientEndpoint(deps, owner, given);
      reply.code(201);
      return created;
    },
  });
}

function addChangeRoute(app: FastifyInstance, deps: EndpointRouteDeps): void {
  app.route({
    method: 'PATCH',
    url: '/v1/endpoints/:id',
    schema: {
      operationId: 'changeEndpoint',
      tags: ['Events'],
      summary: 'Change, stop or enable an endpoint, or have events again',
      description:
        'What is given is changed, within seconds. `enabled: true` resumes one that was held; `after` sends all events after that `sequence` again.',
      params,
      body: { content: { 'application/json': { schema: endpointChange } } },
      response: { 200: endpoint.describe('As it is now'), ...problemResponses('changeEndpoint') },
    },
    handler: async (request): Promise<Endpoint> => {
      const id = endpointIdOf(request);
      const change = parseInput(endpointChange, request.body, 'invalid_request');
      const owner = await admitChange(deps, clientOf(request));
      return changeClientEndpoint(deps, owner, id, change);
    },
  });
}

function addRemovalRoute(app: FastifyInstance, deps: EndpointRouteDeps): void {
  app.route({
    method: 'DELETE',
    url: '/v1/endpoints/:id',
    schema: {
      operationId: 'removeEndpoint',
      tags: ['Events'],
      summary: 'Remove an endpoint',
      description: 'It gets nothing more. One event that is under way may still arrive.',
      params,
      response: {
        204: z.undefined().describe('It is removed'),
        ...problemResponses('removeEndpoint'),
      },
    },
    handler: async (request, reply) => {
      const id = endpointIdOf(request);
      await removeClientEndpoint(deps, await admitChange(deps, clientOf(request)), id);
      return reply.code(204).send();
    },
  });
}

function addRotationRoute(app: FastifyInstance, deps: EndpointRouteDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/endpoints/:id/rotate-secret',
    schema: {
      operationId: 'rotateEndpointSecret',
      tags: ['Events'],
      summary: 'Give an endpoint a new secret',
      description:
        'Its events are signed with both the new and the previous secret, for a day or as long as you say. At most the latest five sign.',
      params,
      body: { content: { 'application/json': { schema: secretRotation } } },
      response: {
        200: rotatedSecret.describe('The new secret'),
        ...problemResponses('rotateEndpointSecret'),
      },
    },
    handler: async (request): Promise<RotatedSecret> => {
      const id = endpointIdOf(request);
      const overlapMs = overlapOf(request.body);
      return rotateClientEndpoint(deps, await admitChange(deps, clientOf(request)), { id, overlapMs });
    },
  });
}

/** One more change of the client's own. @throws {ProblemError} self_service_off, too_many_requests */
async function admitChange(deps: EndpointRouteDeps, client: ClientIdentity): Promise<EndpointOwner> {
  await limitChanges(deps.redis, deps.keys, client);
  return {
    client,
    note: (target, action, result) =>
      noteChange(deps, client.id, { action, targetKind: 'endpoint', target, result }),
  };
}
