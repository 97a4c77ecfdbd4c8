import type { FastifyInstance } from 'fastify';
import {
  type Callback,
  type CallbackChange,
  callback,
  callbackChange,
  secretRotation,
} from '../../shared/contract/callback.ts';
import { type RotatedSecret, rotatedSecret } from '../../shared/contract/endpoint.ts';
import type { Logger } from '../../shared/log.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { isCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import { chooseCallback } from '../../shared/store/clients/change-client.ts';
import { type AuthParts, changeReceiverAuth } from '../../shared/store/clients/change-receiver-auth.ts';
import type { ClientIdentity, ClientStore } from '../../shared/store/clients/client.ts';
import { describeClient } from '../../shared/store/clients/describe-client.ts';
import { CALLBACK, parseReceiverAuths } from '../../shared/store/clients/receiver-auth.ts';
import { CHANGE_TRIES } from '../../shared/store/clients/replace-field.ts';
import { rotateWebhookSecret } from '../../shared/store/clients/webhook-secrets.ts';
import type { RedeliveryDeps } from '../../shared/store/endpoints/redeliver.ts';
import { releaseWithoutUrl } from '../../shared/store/endpoints/release-deferred.ts';
import { checkEndpointUrl } from '../endpoints/check-endpoint-url.ts';
import { limitChanges } from '../endpoints/limit-changes.ts';
import { noteChange } from '../endpoints/note-change.ts';
import { presentReceiverAuth, readReceiverAuth } from '../endpoints/read-receiver-auth.ts';
import { overlapOf } from '../endpoints/rotation-overlap.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { createOperatorTasks, type OperatorTasks } from '../operator/operator-tasks.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { clientOf } from '../request-state.ts';

export interface CallbackRouteDeps extends ClientStore, RedeliveryDeps {
  readonly audit: Pick<Audit, 'note'>;
  readonly rules: { readonly allowInsecureCallbacks: boolean };
  readonly log: Logger;
  /** ms epoch */
  readonly now: () => number;
}

/** Where a client's events go by default, and the secret that signs them, under the client's own key. */
export function addCallbackRoutes(app: FastifyInstance, deps: CallbackRouteDeps): void {
  const tasks = createOperatorTasks(deps.log);
  app.addHook('onClose', () => tasks.stop());
  addShowRoute(app, deps);
  addChangeRoute(app, deps, tasks);
  addRotationRoute(app, deps);
}

/** @throws {ProblemError} not_found */
async function readCallback({ redis, keys, now }: CallbackRouteDeps, clientId: string): Promise<Callback> {
  const described = await describeClient(redis, keys, clientId, now());
  if (described.status !== 'found') throw new ProblemError('not_found');
  const { callbackUrl: url, allowedOrigins, webhookSecrets } = described.client;
  const auths = parseReceiverAuths((await redis.hget(keys.client(clientId), 'receiverAuth')) ?? '');
  return {
    auth: presentReceiverAuth(auths[CALLBACK], now()),
    url,
    allowedOrigins: [...allowedOrigins],
    secrets: webhookSecrets.map(({ retiresAt }) => ({
      signsUntil: retiresAt === null ? null : new Date(retiresAt).toISOString(),
    })),
  };
}

function addShowRoute(app: FastifyInstance, deps: CallbackRouteDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/callback',
    schema: {
      operationId: 'getCallback',
      tags: ['Events'],
      summary: 'Show your callback',
      description:
        'Where your events go unless a verification names an address, and how many secrets sign them.',
      response: { 200: callback.describe('As it is now'), ...problemResponses('getCallback') },
    },
    handler: (request) => readCallback(deps, clientOf(request).id),
  });
}

function addChangeRoute(app: FastifyInstance, deps: CallbackRouteDeps, tasks: OperatorTasks): void {
  app.route({
    method: 'PATCH',
    url: '/v1/callback',
    schema: {
      operationId: 'changeCallback',
      tags: ['Events'],
      summary: 'Change your callback',
      description:
        'Within two seconds events go to the new URL, also those that wait for an attempt. Events that waited because you had no callback are sent.',
      body: { content: { 'application/json': { schema: callbackChange } } },
      response: { 200: callback.describe('As it is now'), ...problemResponses('changeCallback') },
    },
    handler: async (request) => {
      const client = clientOf(request);
      const change = parseInput(callbackChange, request.body, 'invalid_request');
      await limitChanges(deps.redis, deps.keys, client);
      for (let tries = 0; tries < CHANGE_TRIES; tries += 1) {
        const present = await withPresentCallback(deps, client);
        if (await applyChange(deps, tasks, present, change)) return readCallback(deps, client.id);
      }
      throw new Error(`The callback of ${client.id} is being changed by others. Try again`);
    },
  });
}

/** What is remembered of a client is two seconds old: its callback may have been changed since. */
async function withPresentCallback(
  { redis, keys }: CallbackRouteDeps,
  client: ClientIdentity,
): Promise<ClientIdentity> {
  const [url, by] = await redis.hmget(keys.client(client.id), 'callbackUrl', 'callbackBy');
  return { ...client, callbackUrl: url ?? null, choseCallback: by === 'client' };
}

/** @returns false when another callback stands by now than `client` has */
async function applyChange(
  deps: CallbackRouteDeps,
  tasks: OperatorTasks,
  client: ClientIdentity,
  { url, auth }: CallbackChange,
): Promise<boolean> {
  const parts = auth ? readReceiverAuth(auth, deps.now()) : auth;
  const given = url ? checkUrl(deps, client, url) : url;
  const next = given === undefined ? client.callbackUrl : given;
  if (parts && next === null) throw noUrl();
  // First: no event goes to the new address without it. What was given for another origin does not go there.
  const receiver = next ?? client.callbackUrl;
  if ((parts !== undefined || given) && receiver !== null) await changeAuth(deps, client, receiver, parts);
  return given === undefined || changeUrl(deps, tasks, client, given);
}

/** In normal form. @throws {ProblemError} */
function checkUrl(deps: CallbackRouteDeps, client: ClientIdentity, given: string): string {
  const known = client.callbackUrl !== null && !client.choseCallback ? [originOf(client.callbackUrl)] : [];
  // The operator let events go there, even where the origin is not among those registered.
  return checkEndpointUrl(deps, { ...client, allowedOrigins: [...client.allowedOrigins, ...known] }, given);
}

async function changeAuth(
  deps: CallbackRouteDeps,
  { id }: ClientIdentity,
  url: string,
  parts: AuthParts | null | undefined,
): Promise<void> {
  const receiver = { clientId: id, receiver: CALLBACK, origin: originOf(url) };
  await changeReceiverAuth(deps, receiver, parts === undefined ? {} : parts);
  if (parts === undefined) return;
  await noteChange(deps, id, {
    action: 'change_callback_auth',
    targetKind: 'client',
    target: id,
    result: parts === null ? 'removed' : 'changed',
  });
}

const noUrl = () =>
  new ProblemError('invalid_request', {
    errors: [{ pointer: '/auth', code: 'no_url', detail: 'must be given with a URL, or when there is one' }],
  });

async function changeUrl(
  deps: CallbackRouteDeps,
  tasks: OperatorTasks,
  client: ClientIdentity,
  url: string | null,
): Promise<boolean> {
  const { redis, keys, log } = deps;
  const mustBeRegistered = url !== null && isCallbackAllowed(client, { origin: originOf(url) });
  const present = client.callbackUrl;
  const changed = await chooseCallback(redis, keys, client.id, { url, present, mustBeRegistered });
  if (changed === 'stale') return false;
  if (changed === 'missing') throw new ProblemError('not_found');
  await noteChange(deps, client.id, {
    action: 'change_callback',
    targetKind: 'client',
    target: client.id,
    result: url === null ? 'removed' : 'changed',
  });
  if (url === null) return true;
  tasks.start(`release what waited for a callback of ${client.id}`, (signal) =>
    releaseWithoutUrl(deps, client.id, {
      signal,
      onProgress: () => undefined,
      report: (name, reason) =>
        log.warn({ event: 'passed_by', name, reason }, 'an event that waits cannot be read'),
    }),
  );
  return true;
}

const originOf = (url: string): string => new URL(url).origin;

function addRotationRoute(app: FastifyInstance, deps: CallbackRouteDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/callback/rotate-secret',
    schema: {
      operationId: 'rotateCallbackSecret',
      tags: ['Events'],
      summary: 'Give your callback a new secret',
      description:
        'Events are signed with both the new and the previous secret, for a day or as long as you say. At most the latest five sign.',
      body: { content: { 'application/json': { schema: secretRotation } } },
      response: {
        200: rotatedSecret.describe('The new secret'),
        ...problemResponses('rotateCallbackSecret'),
      },
    },
    handler: async (request): Promise<RotatedSecret> => {
      const client = clientOf(request);
      const overlapMs = overlapOf(request.body);
      await limitChanges(deps.redis, deps.keys, client);
      const rotation = await rotateWebhookSecret(deps, client.id, { overlapMs, now: deps.now() });
      if (rotation === null) throw new ProblemError('not_found');
      await noteChange(deps, client.id, {
        action: 'rotate_webhook_secret',
        targetKind: 'client',
        target: client.id,
        result: 'rotated',
      });
      const previousSignsUntil = new Date(rotation.previousSignsUntil).toISOString();
      return { secret: rotation.webhookSecret, previousSignsUntil };
    },
  });
}
