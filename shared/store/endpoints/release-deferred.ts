import { setTimeout as sleep } from 'node:timers/promises';
import { isCallbackAllowed, isDefaultCallbackAllowed } from '../clients/allowed-callback.ts';
import { identifyClient, storedClient } from '../clients/client.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import { passBy, type ReportPassedBy } from '../redis/pass-by.ts';
import type { Redis } from '../redis/redis-client.ts';
import { loadScript } from '../redis/script.ts';
import { parseEndpointHealth } from './endpoint-health.ts';
import { forgetEndpointHealth } from './keep-endpoint-health.ts';
import { readEndpoints } from './list-endpoints.ts';
import { type RedeliveryDeps, redeliver } from './redeliver.ts';
import { walkSortedSet } from './walk-sorted-set.ts';

export interface Release {
  readonly released: number;
  /** Still waiting when the release was interrupted, or whose delivery was under way just then. */
  readonly left: number;
}

export interface ReleaseWatch {
  /** Aborting ends the release between two events; running it again goes on. */
  readonly signal: AbortSignal;
  readonly onProgress: (released: number) => void;
  readonly report: ReportPassedBy;
}

/** Workers remember an endpoint's health and a client for so long; with a margin for what they do with it. */
const WORKERS_KNOW_AFTER_MS = { endpoint: 1_200, client: 2_300 } as const;

const PAGE_SIZE = 500;

const forgetEmptyScript = loadScript(new URL('../scripts/forget-empty-endpoint.lua', import.meta.url));

/** Takes an endpoint off those with events that wait, if none waits. @returns how many wait */
export async function forgetEmptyEndpoint(redis: Redis, keys: StoreKeys, endpoint: string): Promise<number> {
  const waiting = keys.deferredDeliveries(endpoint);
  return Number(await forgetEmptyScript(redis, [waiting, keys.deferringEndpoints()], [endpoint]));
}

/** Declares an endpoint healthy and sends what waits for it, in the order in which it began to wait. */
export async function enableEndpoint(
  deps: RedeliveryDeps,
  endpoint: string,
  watch: ReleaseWatch,
): Promise<Release> {
  await forgetEndpointHealth(deps.redis, deps.keys, endpoint);
  return releaseDeferred(deps, endpoint, 'endpoint', watch);
}

/** Sends what waits because its client had no callback URL, now that it has one. */
export function releaseWithoutUrl(
  deps: RedeliveryDeps,
  clientId: string,
  watch: ReleaseWatch,
): Promise<Release> {
  return releaseDeferred(deps, `${clientId} none`, 'client', watch);
}

/** A process that made the change itself is done with the first events by then. */
const LEFT_AFTER_MS = 60_000;

/**
 * Sends what a process has left that ended before it had sent all: events that waited for a callback URL, of clients that have one
 * by now, and those that waited for an origin which is neither held nor taken away any more.
 *
 * @param limit events of one client
 * @returns how many were sent
 */
export async function releaseLeft(
  deps: RedeliveryDeps,
  { now, limit, report }: { readonly now: number; readonly limit: number; readonly report: ReportPassedBy },
): Promise<number> {
  const { redis, keys } = deps;
  let released = 0;
  for (const endpoint of await redis.smembers(keys.deferringEndpoints())) {
    const left = await findLeft(deps, endpoint);
    if (left === 'none') continue;
    const key = keys.deferredDeliveries(endpoint);
    for (const id of await redis.zrangebyscore(key, 0, now - LEFT_AFTER_MS, 'LIMIT', 0, limit)) {
      const release = async () =>
        (left === 'all' || (await redis.hget(keys.record(id), 'callbackUrl')) === null) &&
        (await releaseOne(deps, key, id));
      if (await passBy(id, report, release)) released += 1;
    }
    await forgetEmptyEndpoint(redis, keys, endpoint);
  }
  return released;
}

/** Which of the events that wait at an endpoint nothing keeps any more; `default`: those that named no callback of their own. */
async function findLeft(
  { redis, keys }: RedeliveryDeps,
  endpoint: string,
): Promise<'none' | 'all' | 'default'> {
  const [clientId = '', origin = ''] = endpoint.split(' ');
  const stored = storedClient.safeParse(await readOr(redis.hgetall(keys.client(clientId)), {}));
  if (!stored.success) return 'none';
  const client = identifyClient(stored.data);
  const { callbackUrl } = client;
  const callback = callbackUrl !== null && URL.canParse(callbackUrl) ? new URL(callbackUrl) : null;
  if (origin === 'none') return callback === null ? 'none' : 'all';
  const health = parseEndpointHealth(await readOr(redis.get(keys.endpointHealth(endpoint)), null));
  if (health.status === 'disabled') return 'none';
  if (isCallbackAllowed(client, { origin })) return 'all';
  const isDefault = callback?.origin === origin && isDefaultCallbackAllowed(client, callback);
  return isDefault ? 'default' : 'none';
}

/** Sends what waits because the origin of its callback had been taken away from its client, now that it is allowed again. */
export async function releaseAllowed(
  deps: RedeliveryDeps,
  clientId: string,
  watch: ReleaseWatch,
): Promise<Release> {
  const sum = { released: 0, left: 0 };
  for (const endpoint of await listReleasable(deps, clientId)) {
    const release = await passBy(endpoint, watch.report, () =>
      releaseDeferred(deps, endpoint, 'client', {
        ...watch,
        onProgress: (count) => watch.onProgress(sum.released + count),
      }),
    );
    sum.released += release?.released ?? 0;
    sum.left += release?.left ?? 0;
  }
  return sum;
}

/** Not disabled, and allowed: nothing but the origin that was missing kept these events. */
async function listReleasable({ redis, keys }: RedeliveryDeps, clientId: string): Promise<readonly string[]> {
  const endpoints = (await redis.smembers(keys.deferringEndpoints())).filter((endpoint) =>
    endpoint.startsWith(`${clientId} http`),
  );
  const states = await readEndpoints(redis, keys, endpoints);
  return states
    .filter(({ health, withdrawn }) => health.status !== 'disabled' && !withdrawn)
    .map(({ origin }) => `${clientId} ${origin}`);
}

/** A worker that has not heard of the change yet would let the events wait again: it is given the time to. */
async function releaseDeferred(
  deps: RedeliveryDeps,
  endpoint: string,
  changed: keyof typeof WORKERS_KNOW_AFTER_MS,
  { signal, onProgress, report }: ReleaseWatch,
): Promise<Release> {
  const { redis, keys } = deps;
  await sleep(WORKERS_KNOW_AFTER_MS[changed], undefined, { signal }).catch(() => undefined);
  const key = keys.deferredDeliveries(endpoint);
  let released = 0;
  for await (const { member: id } of walkSortedSet(redis, {
    key,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    pageSize: PAGE_SIZE,
  })) {
    if (signal.aborted) break;
    if (await passBy(id, report, () => releaseOne(deps, key, id))) {
      released += 1;
      onProgress(released);
    }
  }
  return { released, left: await forgetEmptyEndpoint(redis, keys, endpoint) };
}

async function releaseOne(deps: RedeliveryDeps, key: string, id: string): Promise<boolean> {
  const redelivery = await redeliver(deps, id, ['held']);
  switch (redelivery.status) {
    case 'redelivered':
      return true;
    case 'not_due':
      // Delivered or dead: it does not wait any more. Under way: its worker may be about to let it wait here.
      if (redelivery.delivery === 'delivered' || redelivery.delivery === 'dead') await forget(deps, key, id);
      return false;
    case 'unanswered':
    case 'missing':
      await forget(deps, key, id);
      return false;
    default:
      return redelivery satisfies never;
  }
}

async function forget({ redis }: RedeliveryDeps, key: string, id: string): Promise<void> {
  await redis.zrem(key, id);
}
