import { randomBytes } from 'node:crypto';
import { typeid } from 'typeid-js';
import { defaultTypes } from '../../contract/event-type.ts';
import { generateWebhookSecret } from '../../sealing/webhook-secret.ts';
import type { ClientStore } from '../clients/client.ts';
import { CHANGE_TRIES } from '../clients/replace-field.ts';
import { MOST_SECRETS, retireSecrets, rewrapSecrets, storeSecret } from '../clients/signing-secrets.ts';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { readLastNumbers } from '../verifications/read-feed.ts';
import { endpointSecretContext, OPERATORS, type PushEndpoint, parseEndpoints } from './push-endpoint.ts';
import { removePush, startPush } from './push-state.ts';

const replaceScript = loadScript(new URL('../scripts/replace-endpoints.lua', import.meta.url));

/**
 * Changes the list of a client's endpoints. Two may do so at once: the change is computed again from what the other one wrote.
 * So it is when a reply is lost: the list has the change already then.
 *
 * @param compute is given the present list; null leaves it as it is
 * @returns `missing` when there is no such client
 */
export async function changeEndpoints(
  { redis, keys }: Pick<ClientStore, 'redis' | 'keys'>,
  clientId: string,
  compute: (present: readonly PushEndpoint[]) => readonly PushEndpoint[] | null,
): Promise<'changed' | 'unchanged' | 'missing'> {
  for (let tries = 0; tries < CHANGE_TRIES; tries += 1) {
    const present = (await redis.hget(listOf(keys, clientId), 'endpoints')) ?? '';
    const next = compute(parseEndpoints(present));
    if (next === null) return 'unchanged';
    const value = next.length === 0 ? '' : JSON.stringify(next);
    const places = [listOf(keys, clientId), keys.pushClients(), keys.noticeTypes()];
    const reply = await replaceScript(redis, places, [clientId, present, value, chosenNotices(next)]);
    if (reply === 1) return 'changed';
    if (reply === -1) return 'missing';
  }
  throw new Error(`The endpoints of ${clientId} are being changed by others. Try again`);
}

/** The hash that has the list. */
const listOf = (keys: StoreKeys, clientId: string): string =>
  clientId === OPERATORS ? keys.operatorEndpoints() : keys.client(clientId);

/** The types that are made for the client because one of its endpoints asks for them. */
function chosenNotices(endpoints: readonly PushEndpoint[]): string {
  const chosen = new Set<string>(endpoints.flatMap(({ types }) => types));
  for (const type of defaultTypes) chosen.delete(type);
  return [...chosen].sort().join(' ');
}

export type EndpointAddition =
  | { readonly status: 'added'; readonly endpoint: PushEndpoint; readonly secret: string }
  /** As many as are allowed are there. */
  | { readonly status: 'too_many' | 'missing' };

export const newEndpointId = (): string => typeid('ep').toString();

/**
 * @param settings `id`: of {@link newEndpointId}. `after`: the number of the last event that it is not to get; null: of the latest by now
 * @param most endpoints that a client may have
 */
export async function addEndpoint(
  store: ClientStore,
  clientId: string,
  {
    id,
    after,
    most,
    now,
    ...settings
  }: Pick<PushEndpoint, 'id' | 'url' | 'types' | 'ratePerSecond'> & {
    readonly after: number | null;
    readonly most: number;
    readonly now: number;
  },
): Promise<EndpointAddition> {
  const secret = generateWebhookSecret(randomBytes);
  const secrets = [storeSecret(store.keyRing, endpointSecretContext(clientId, id), secret)];
  const endpoint: PushEndpoint = { id, ...settings, enabled: true, createdAt: now, secrets };
  const [last = 0] = after === null ? await readLastNumbers(store.redis, store.keys, [clientId]) : [after];
  // First: a worker that finds the endpoint without a position would take it for one that was removed.
  await startPush(store, clientId, id, last);
  const added = await changeEndpoints(store, clientId, (present) => {
    const others = present.filter((each) => each.id !== id);
    return others.length >= most ? null : [...others, endpoint];
  });
  if (added === 'changed') return { status: 'added', endpoint, secret };
  await removePush(store, clientId, id);
  return { status: added === 'missing' ? 'missing' : 'too_many' };
}

/** @returns the endpoint as it is now; null when the client has none of this id */
export async function changeEndpoint(
  store: Pick<ClientStore, 'redis' | 'keys'>,
  clientId: string,
  id: string,
  change: (endpoint: PushEndpoint) => PushEndpoint,
): Promise<PushEndpoint | null> {
  let changed: PushEndpoint | null = null;
  await changeEndpoints(store, clientId, (present) => {
    const found = present.find((each) => each.id === id);
    changed = found === undefined ? null : change(found);
    const next = changed;
    return next === null ? null : present.map((each) => (each.id === id ? next : each));
  });
  return changed;
}

/** What of an endpoint can be set; undefined leaves it as it is. */
export type EndpointSettings = {
  readonly [Name in 'url' | 'types' | 'ratePerSecond' | 'enabled']?: PushEndpoint[Name] | undefined;
};

/** @returns the endpoint as it is now; null when the client has none of this id */
export function setEndpoint(
  store: Pick<ClientStore, 'redis' | 'keys'>,
  clientId: string,
  id: string,
  { url, types, ratePerSecond, enabled }: EndpointSettings,
): Promise<PushEndpoint | null> {
  return changeEndpoint(store, clientId, id, (present) => ({
    ...present,
    ...(url === undefined ? {} : { url }),
    ...(types === undefined ? {} : { types }),
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    ...(enabled === undefined ? {} : { enabled }),
  }));
}

/** @returns whether there was one */
export async function removeEndpoint(
  store: Pick<ClientStore, 'redis' | 'keys'>,
  clientId: string,
  id: string,
): Promise<boolean> {
  let wasThere = false;
  await changeEndpoints(store, clientId, (present) => {
    const others = present.filter((each) => each.id !== id);
    if (others.length === present.length) return null;
    wasThere = true;
    return others;
  });
  if (!wasThere) return false;
  await removePush(store, clientId, id);
  return true;
}

/** As `rotateWebhookSecret`, of one endpoint, whose latest five secrets sign at most. @returns null when there is none */
export async function rotateEndpointSecret(
  store: ClientStore,
  clientId: string,
  id: string,
  { overlapMs, now }: { readonly overlapMs: number; readonly now: number },
): Promise<{ readonly secret: string; readonly previousSignsUntil: number } | null> {
  const secret = generateWebhookSecret(randomBytes);
  const stored = storeSecret(store.keyRing, endpointSecretContext(clientId, id), secret);
  const previousSignsUntil = now + overlapMs;
  const changed = await changeEndpoint(store, clientId, id, (endpoint) => ({
    ...endpoint,
    secrets: [
      stored,
      ...retireSecrets(
        endpoint.secrets.filter(({ sealed }) => sealed !== stored.sealed),
        { until: previousSignsUntil, now },
      ),
    ].slice(0, MOST_SECRETS),
  }));
  return changed === null ? null : { secret, previousSignsUntil };
}

/**
 * Wraps the secrets of a client's endpoints again, with the newest key of the ring.
 *
 * @returns how many the ring does not open
 */
export async function rewrapEndpointSecrets(store: ClientStore, clientId: string): Promise<number> {
  let unreadable = 0;
  await changeEndpoints(store, clientId, (present) => {
    const results = present.map(({ id, secrets }) =>
      rewrapSecrets(store.keyRing, endpointSecretContext(clientId, id), secrets),
    );
    unreadable = results.reduce((sum, result) => sum + result.unreadable, 0);
    if (results.every(({ rewrapped }) => rewrapped === 0)) return null;
    return present.map((endpoint, i) => ({
      ...endpoint,
      secrets: [...(results[i]?.secrets ?? endpoint.secrets)],
    }));
  });
  return unreadable;
}
