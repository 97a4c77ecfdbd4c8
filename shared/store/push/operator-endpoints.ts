import { operatorEventTypes } from '../../contract/event-type.ts';
import type { OperatorEndpoint } from '../../contract/operator-endpoint.ts';
import { ANY_ORIGIN, type ClientReading, type ClientStore } from '../clients/client.ts';
import { addEndpoint, type EndpointAddition, newEndpointId, removeEndpoint } from './change-endpoints.ts';
import { OPERATORS, parseEndpoints } from './push-endpoint.ts';
import { type PushState, readPushes } from './push-state.ts';

/** More are a mistake: each event is posted to all of them. */
const MOST = 10;

type Store = Pick<ClientStore, 'redis' | 'keys'>;

/** @param url in normal form, and allowed @param now ms epoch */
export async function addOperatorEndpoint(
  store: ClientStore,
  { url, now }: { readonly url: string; readonly now: number },
): Promise<EndpointAddition> {
  // A list can be changed only where its hash is.
  await store.redis.hsetnx(store.keys.operatorEndpoints(), 'id', OPERATORS);
  return addEndpoint(store, OPERATORS, {
    id: newEndpointId(),
    url,
    types: Object.values(operatorEventTypes),
    ratePerSecond: null,
    after: null,
    most: MOST,
    now,
  });
}

/** @returns whether there was one */
export async function removeOperatorEndpoint(store: Store, id: string): Promise<boolean> {
  return removeEndpoint(store, OPERATORS, id);
}

/** All of them, in the order in which they were added. */
export async function listOperatorEndpoints({ redis, keys }: Store): Promise<OperatorEndpoint[]> {
  const endpoints = await readList({ redis, keys });
  const states = await readPushes(
    { redis, keys },
    OPERATORS,
    endpoints.map(({ id }) => id),
  );
  return endpoints.map(({ id, url, createdAt }, i) => {
    const state = states[i] ?? null;
    return {
      id,
      url,
      status: statusOf(state),
      after: state?.after ?? 0,
      dead: state?.dead ?? 0,
      createdAt: new Date(createdAt).toISOString(),
    };
  });
}

/** The operators as events are sent to their endpoints: as a client that has nothing else, and may have them anywhere. */
export async function readOperators(store: Store): Promise<ClientReading> {
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

function statusOf(state: PushState | null): OperatorEndpoint['status'] {
  const status = state?.health.status;
  if (status === 'disabled') return 'held';
  return status === 'failing' ? 'failing' : 'active';
}
