import { MOST_OPERATOR_ENDPOINTS } from '../../contract/event-type.ts';
import {
  laneEventTypes,
  type NewOperatorEndpoint,
  type OperatorEndpoint,
  type OperatorEndpointChange,
} from '../../contract/operator-endpoint.ts';
import { ANY_ORIGIN, type ClientReading, type ClientStore, readClient } from '../clients/client.ts';
import {
  addEndpoint,
  type EndpointAddition,
  newEndpointId,
  removeEndpoint,
  rotateEndpointSecret,
  setEndpoint,
} from './change-endpoints.ts';
import { presentPush } from './present-push.ts';
import { OPERATORS, type PushEndpoint, parseEndpoints } from './push-endpoint.ts';
import { goOn, readPushes } from './push-state.ts';

type Store = Pick<ClientStore, 'redis' | 'keys'>;

/** @param url in normal form, and allowed @param now ms epoch */
export async function addOperatorEndpoint(
  store: ClientStore,
  { url, types, ratePerSecond, after, now }: NewOperatorEndpoint & { readonly now: number },
): Promise<EndpointAddition> {
  // A list can be changed only where its hash is.
  await store.redis.hsetnx(store.keys.operatorEndpoints(), 'id', OPERATORS);
  return addEndpoint(store, OPERATORS, {
    id: newEndpointId(),
    url,
    types: types ?? laneEventTypes,
    ratePerSecond: ratePerSecond ?? null,
    after: after ?? null,
    most: MOST_OPERATOR_ENDPOINTS,
    now,
  });
}

/** @param change its `url` in normal form, and allowed @returns the endpoint as it is now; null: there is none */
export async function changeOperatorEndpoint(
  store: Store,
  id: string,
  change: OperatorEndpointChange,
): Promise<OperatorEndpoint | null> {
  const changed = await setEndpoint(store, OPERATORS, id, change);
  if (changed === null) return null;
  await goOn(store, OPERATORS, id, change);
  return (await presentOperatorEndpoints(store, [changed]))[0] ?? null;
}

/** Both secrets sign for `overlapMs`. @returns null when there is no such endpoint */
export function rotateOperatorEndpointSecret(
  store: ClientStore,
  id: string,
  options: { readonly overlapMs: number; readonly now: number },
): ReturnType<typeof rotateEndpointSecret> {
  return rotateEndpointSecret(store, OPERATORS, id, options);
}

/** @returns whether there was one */
export async function removeOperatorEndpoint(store: Store, id: string): Promise<boolean> {
  return removeEndpoint(store, OPERATORS, id);
}

export async function hasOperatorEndpoint(store: Store, id: string): Promise<boolean> {
  return (await readList(store)).some((each) => each.id === id);
}

/** All of them, in the order in which they were added. */
export async function listOperatorEndpoints(store: Store): Promise<OperatorEndpoint[]> {
  return presentOperatorEndpoints(store, await readList(store));
}

/** As operators see them: with what exactly went wrong. */
export async function presentOperatorEndpoints(
  { redis, keys }: Store,
  endpoints: readonly PushEndpoint[],
): Promise<OperatorEndpoint[]> {
  const states = await readPushes(
    { redis, keys },
    OPERATORS,
    endpoints.map(({ id }) => id),
  );
  return endpoints.map((endpoint, i) => ({
    ...presentPush(endpoint, states[i] ?? null),
    types: laneEventTypes.filter((type) => endpoint.types.includes(type)),
  }));
}

/** Whose events are sent: a client, or the operators. @param now ms epoch */
export function readReceiverOwner(store: ClientStore, id: string, now: number): Promise<ClientReading> {
  return id === OPERATORS ? readOperators(store) : readClient(store, id, now);
}

/** The operators as events are sent to their endpoints: as a client that has nothing else, and may have them anywhere. */
async function readOperators(store: Store): Promise<ClientReading> {
  return {
    status: 'found',
    client: {
      id: OPERATORS,
      name: OPERATORS,
      callbackUrl: null,
      allowedOrigins: [ANY_ORIGIN],
      webhookSecrets: [],
      endpoints: (await readList(store)).map((each) => ({ ...each, auth: undefined })),
      callbackAuth: undefined,
      disabled: false,
      weight: 1,
      maxWaiting: null,
      budget: null,
      selfService: { enabled: false, maxApiKeys: 0, maxEndpoints: 0 },
      choseCallback: false,
    },
  };
}

async function readList({ redis, keys }: Store) {
  return parseEndpoints((await redis.hget(keys.operatorEndpoints(), 'endpoints')) ?? '');
}
