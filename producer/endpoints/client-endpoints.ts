import type {
  CreatedEndpoint,
  Endpoint,
  EndpointChange,
  NewEndpoint,
  RotatedSecret,
} from '../../shared/contract/endpoint.ts';
import { defaultTypes } from '../../shared/contract/event-type.ts';
import { changeReceiverAuth } from '../../shared/store/clients/change-receiver-auth.ts';
import type { ClientIdentity, ClientStore } from '../../shared/store/clients/client.ts';
import { parseReceiverAuths } from '../../shared/store/clients/receiver-auth.ts';
import {
  addEndpoint,
  newEndpointId,
  removeEndpoint,
  rotateEndpointSecret,
  setEndpoint,
} from '../../shared/store/push/change-endpoints.ts';
import { type PushEndpoint, parseEndpoints } from '../../shared/store/push/push-endpoint.ts';
import { goOn, readPushes } from '../../shared/store/push/push-state.ts';
import { isKnownSequence } from '../../shared/store/verifications/read-feed.ts';
import { ProblemError } from '../problem.ts';
import { checkEndpointUrl } from './check-endpoint-url.ts';
import { presentEndpoint } from './present-endpoint.ts';
import { readReceiverAuth } from './read-receiver-auth.ts';

export interface ClientEndpointDeps extends ClientStore {
  readonly rules: { readonly allowInsecureCallbacks: boolean };
  /** That one client may have, unless its operator said how many; 0: none. */
  readonly maxEndpoints: number;
  /** ms epoch */
  readonly now: () => number;
}

/** Whose endpoints are changed, and where it is written down: by the client itself, or by an operator. */
export interface EndpointOwner {
  readonly client: ClientIdentity;
  /** @param id of the endpoint */
  readonly note: (id: string, action: string, result: string) => Promise<void>;
}

/** All of a client's, in the order in which they were added. */
export async function listClientEndpoints(
  deps: Pick<ClientEndpointDeps, 'redis' | 'keys' | 'now'>,
  clientId: string,
): Promise<Endpoint[]> {
  const text = (await deps.redis.hget(deps.keys.client(clientId), 'endpoints')) ?? '';
  return present(deps, clientId, parseEndpoints(text));
}

/** @throws {ProblemError} invalid_request, too_many_endpoints, unknown_sequence, not_found */
export async function addClientEndpoint(
  deps: ClientEndpointDeps,
  { client, note }: EndpointOwner,
  { url: given, types, ratePerSecond, after, auth }: NewEndpoint,
): Promise<CreatedEndpoint> {
  await requireKnownSequence(deps, client.id, after);
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
  await note(addition.endpoint.id, 'add_endpoint', 'added');
  const [added] = await present(deps, client.id, [addition.endpoint]);
  return { ...found(added), secret: addition.secret };
}

/** @throws {ProblemError} invalid_request, unknown_sequence, not_found */
export async function changeClientEndpoint(
  deps: ClientEndpointDeps,
  { client, note }: EndpointOwner,
  id: string,
  { after, url, auth, ...change }: EndpointChange,
): Promise<Endpoint> {
  await requireKnownSequence(deps, client.id, after);
  const checked = url === undefined ? {} : { url: checkEndpointUrl(deps, client, url) };
  const parts = auth ? readReceiverAuth(auth, deps.now()) : auth;
  const changed = await setEndpoint(deps, client.id, id, { ...change, ...checked });
  if (changed === null) throw new ProblemError('not_found');
  const { origin } = new URL(changed.url);
  const receiver = { clientId: client.id, receiver: id, origin, isThere: true };
  if (parts !== undefined || url !== undefined) {
    const given = await changeReceiverAuth(deps, receiver, parts === undefined ? {} : parts);
    if (given === 'missing') throw new ProblemError('not_found');
  }
  await goOn(deps, client.id, id, { ...change, after });
  await note(id, 'change_endpoint', 'changed');
  const [shown] = await present(deps, client.id, [changed]);
  return found(shown);
}

/** @throws {ProblemError} not_found */
export async function removeClientEndpoint(
  deps: ClientEndpointDeps,
  { client: { id: clientId }, note }: EndpointOwner,
  id: string,
): Promise<void> {
  if (!(await removeEndpoint(deps, clientId, id))) throw new ProblemError('not_found');
  await changeReceiverAuth(deps, { clientId, receiver: id, origin: '' }, null);
  await note(id, 'remove_endpoint', 'removed');
}

/** @param overlapMs for so long the secret before signs as well @throws {ProblemError} not_found */
export async function rotateClientEndpoint(
  deps: ClientEndpointDeps,
  { client, note }: EndpointOwner,
  { id, overlapMs }: { readonly id: string; readonly overlapMs: number },
): Promise<RotatedSecret> {
  const options = { overlapMs, now: deps.now() };
  const rotated = await rotateEndpointSecret(deps, client.id, id, options);
  if (rotated === null) throw new ProblemError('not_found');
  await note(id, 'rotate_endpoint_secret', 'rotated');
  return {
    secret: rotated.secret,
    previousSignsUntil: new Date(rotated.previousSignsUntil).toISOString(),
  };
}

/**
 * As the feed does: a number that no event has yet means that Redis has lost its latest data, and workers begin from 0 then.
 *
 * @throws {ProblemError} unknown_sequence
 */
export async function requireKnownSequence(
  { redis, keys }: Pick<ClientStore, 'redis' | 'keys'>,
  clientId: string,
  after: number | undefined,
): Promise<void> {
  if (after === undefined) return;
  if (!(await isKnownSequence(redis, keys, { clientId, after }))) throw new ProblemError('unknown_sequence');
}

async function present(
  { redis, keys, now }: Pick<ClientEndpointDeps, 'redis' | 'keys' | 'now'>,
  clientId: string,
  endpoints: readonly PushEndpoint[],
): Promise<Endpoint[]> {
  const states = await readPushes(
    { redis, keys },
    clientId,
    endpoints.map(({ id }) => id),
  );
  const auths = parseReceiverAuths((await redis.hget(keys.client(clientId), 'receiverAuth')) ?? '');
  return endpoints.map((each, i) =>
    presentEndpoint(each, { state: states[i] ?? null, auth: auths[each.id], now: now() }),
  );
}

/** @throws {ProblemError} not_found */
function found<T>(value: T | undefined): T {
  if (value === undefined) throw new ProblemError('not_found');
  return value;
}
