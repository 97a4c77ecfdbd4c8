import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
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
import { defaultTypes } from '../../shared/contract/event-type.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { changeReceiverAuth } from '../../shared/store/clients/change-receiver-auth.ts';
import type { ClientStore } from '../../shared/store/clients/client.ts';
import { parseReceiverAuths } from '../../shared/store/clients/receiver-auth.ts';
import {
  addEndpoint,
  changeEndpoint,
  newEndpointId,
  removeEndpoint,
  rotateEndpointSecret,
} from '../../shared/store/push/change-endpoints.ts';
import { type PushEndpoint, parseEndpoints } from '../../shared/store/push/push-endpoint.ts';
import { readPushes, restartPush } from '../../shared/store/push/push-state.ts';
import { DAY_MS } from '../../shared/time-units.ts';
import { checkEndpointUrl } from '../endpoints/check-endpoint-url.ts';
import { limitChanges } from '../endpoints/limit-changes.ts';
import { noteChange } from '../endpoints/note-change.ts';
import { presentEndpoint } from '../endpoints/present-endpoint.ts';
import { readReceiverAuth } from '../endpoints/read-receiver-auth.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { clientOf } from '../request-state.ts';

export interface EndpointRouteDeps extends ClientStore {
  readonly audit: Pick<Audit, 'note'>;
  readonly rules: { readonly allowInsecureCallbacks: boolean };
  /** That one client may have; 0: none. */
  readonly maxEndpoints: number;
  /** ms epoch */
  readonly now: () => number;
}

/** As for a client's secret by the command line. */
const OVERLAP_MS = DAY_MS;

const params = z.object({ id: z.string().describe('ep_…') });
const endpointId = z.object({ id: z.string().regex(/^ep_[0-9a-z]{26}$/) });

/** What cannot be an id is an unknown one. @throws {ProblemError} not_found */
function idOf(request: FastifyRequest): string {
  const parsed = endpointId.safeParse(request.params);
  if (parsed.success) return parsed.data.id;
  throw new ProblemError('not_found');
}

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
    handler: async (request) => {
      const { id: clientId } = clientOf(request);
      const text = (await deps.redis.hget(deps.keys.client(clientId), 'endpoints')) ?? '';
      return { data: await present(deps, clientId, parseEndpoints(text)) };
    },
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
        'It gets your events in the order of their `sequence`, one after the other, each with the same `webhook-id` and bytes as your callback does, signed with a secret of its own. Your callback goes on as before.',
      body: { content: { 'application/json': { schema: newEndpoint } } },
      response: {
        201: createdEndpoint.describe('The endpoint, with its secret'),
        ...problemResponses('addEndpoint'),
      },
    },
    handler: async (request, reply): Promise<CreatedEndpoint> => {
      const {
        url: given,
        types,
        ratePerSecond,
        after,
        auth,
      } = parseInput(newEndpoint, request.body, 'invalid_request');
      const client = clientOf(request);
      await limitChanges(deps.redis, deps.keys, client);
      const [id, url] = [newEndpointId(), checkEndpointUrl(deps, client, given)];
      const parts = auth === undefined ? null : readReceiverAuth(auth, deps.now());
      const receiver = { clientId: client.id, receiver: id, origin: new URL(url).origin };
      // First: otherwise a worker could send the first event without it.
      if (parts !== null) await changeReceiverAuth(deps, receiver, parts);
      const addition = await addEndpoint(deps, client.id, {
        id,
        url,
        types: types ?? defaultTypes,
        ratePerSecond: ratePerSecond ?? null,
        after: after ?? null,
        most: client.selfService.maxEndpoints ?? deps.maxEndpoints,
        now: deps.now(),
      });
      if (addition.status !== 'added' && parts !== null) await changeReceiverAuth(deps, receiver, null);
      if (addition.status === 'missing') throw new ProblemError('not_found');
      if (addition.status !== 'added') throw new ProblemError('too_many_endpoints');
      await note(deps, client.id, addition.endpoint.id, 'add_endpoint', 'added');
      reply.code(201);
      const [added] = await present(deps, client.id, [addition.endpoint]);
      return { ...found(added), secret: addition.secret };
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
        'What is given is changed, within seconds. `enabled: true` lets one go on that was held; `after` sends all events after that `sequence` again.',
      params,
      body: { content: { 'application/json': { schema: endpointChange } } },
      response: { 200: endpoint.describe('As it is now'), ...problemResponses('changeEndpoint') },
    },
    handler: async (request): Promise<Endpoint> => {
      const id = idOf(request);
      const { after, url, auth, ...change } = parseInput(endpointChange, request.body, 'invalid_request');
      const client = clientOf(request);
      await limitChanges(deps.redis, deps.keys, client);
      const checked = url === undefined ? {} : { url: checkEndpointUrl(deps, client, url) };
      const parts = auth ? readReceiverAuth(auth, deps.now()) : auth;
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      const changed = await changeEndpoint(deps, client.id, id, (present) => ({
        ...present,
        ...given,
        ...checked,
      }));
      if (changed === null) throw new ProblemError('not_found');
      const receiver = { clientId: client.id, receiver: id, origin: new URL(changed.url).origin };
      if (parts !== undefined || url !== undefined)
        await changeReceiverAuth(deps, receiver, parts === undefined ? {} : parts);
      if (after !== undefined || change.enabled) await restartPush(deps, client.id, id, after ?? null);
      await note(deps, client.id, id, 'change_endpoint', 'changed');
      const [shown] = await present(deps, client.id, [changed]);
      return found(shown);
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
      const [client, id] = [clientOf(request), idOf(request)];
      await limitChanges(deps.redis, deps.keys, client);
      const { id: clientId } = client;
      if (!(await removeEndpoint(deps, clientId, id))) throw new ProblemError('not_found');
      await changeReceiverAuth(deps, { clientId, receiver: id, origin: '' }, null);
      await note(deps, clientId, id, 'remove_endpoint', 'removed');
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
      description: 'For a day its events are signed with both, the new one and the one before.',
      params,
      response: {
        200: rotatedSecret.describe('The new secret'),
        ...problemResponses('rotateEndpointSecret'),
      },
    },
    handler: async (request): Promise<RotatedSecret> => {
      const options = { overlapMs: OVERLAP_MS, now: deps.now() };
      const [client, id] = [clientOf(request), idOf(request)];
      await limitChanges(deps.redis, deps.keys, client);
      const { id: clientId } = client;
      const rotated = await rotateEndpointSecret(deps, clientId, id, options);
      if (rotated === null) throw new ProblemError('not_found');
      await note(deps, clientId, id, 'rotate_endpoint_secret', 'rotated');
      const previousSignsUntil = new Date(rotated.previousSignsUntil).toISOString();
      return { secret: rotated.secret, previousSignsUntil };
    },
  });
}

/** The client's own change, for the audit trail. */
function note(
  deps: EndpointRouteDeps,
  clientId: string,
  id: string,
  action: string,
  result: string,
): Promise<void> {
  return noteChange(deps, clientId, { action, targetKind: 'endpoint', target: id, result });
}

async function present(
  deps: EndpointRouteDeps,
  clientId: string,
  endpoints: readonly PushEndpoint[],
): Promise<Endpoint[]> {
  const states = await readPushes(
    deps,
    clientId,
    endpoints.map(({ id }) => id),
  );
  const auths = parseReceiverAuths((await deps.redis.hget(deps.keys.client(clientId), 'receiverAuth')) ?? '');
  const now = deps.now();
  return endpoints.map((each, i) =>
    presentEndpoint(each, { state: states[i] ?? null, auth: auths[each.id], now }),
  );
}

/** @throws {ProblemError} not_found */
function found<T>(value: T | undefined): T {
  if (value === undefined) throw new ProblemError('not_found');
  return value;
}
