import type { Redis } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import { isCallbackAllowed } from '../clients/allowed-callback.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import { type EndpointHealth, parseEndpointHealth } from './endpoint-health.ts';

/** Where a client's events go: one origin. */
export interface EndpointState {
  readonly clientId: string;
  /** `none` stands for events without any address to go to. */
  readonly origin: string;
  readonly health: EndpointHealth;
  /** Its client may not have events sent there any more: those that it named itself wait. */
  readonly withdrawn: boolean;
  /** Events that wait for it. */
  readonly waiting: number;
}

/**
 * The endpoints of a lane: those at which events wait, those that are failing or disabled, and those of the clients' own
 * callback URLs and origins.
 *
 * @param known `<clientId> <origin>`, as the clients' settings name them
 */
export async function listEndpoints(
  redis: Redis,
  keys: StoreKeys,
  known: readonly string[],
): Promise<EndpointState[]> {
  const states = await readEndpoints(redis, keys, await nameEndpoints(redis, keys, known));
  return states.filter(isShown);
}

/** The same, of which at most `limit` are read. */
export async function listSomeEndpoints(
  redis: Redis,
  keys: StoreKeys,
  known: readonly string[],
  limit: number,
): Promise<SomeEndpoints> {
  const names = await nameEndpoints(redis, keys, known);
  const states = await readEndpoints(redis, keys, names.slice(0, limit));
  const endpoints = states.filter(isShown);
  return { endpoints, total: names.length - states.length + endpoints.length };
}

async function nameEndpoints(redis: Redis, keys: StoreKeys, known: readonly string[]): Promise<string[]> {
  const sets = await Promise.all([
    redis.smembers(keys.deferringEndpoints()),
    redis.smembers(keys.unhealthyEndpoints()),
  ]);
  return [...new Set([...sets.flat(), ...known])].sort();
}

const isShown = ({ origin, waiting }: EndpointState): boolean => origin !== 'none' || waiting > 0;

export interface SomeEndpoints {
  readonly endpoints: readonly EndpointState[];
  /** How many there are, those left out included. */
  readonly total: number;
}

/** Endpoints that are failing or disabled, and those at which events wait; at most `limit` of them are read. */
export async function listTroubledEndpoints(
  redis: Redis,
  keys: StoreKeys,
  limit: number,
): Promise<SomeEndpoints> {
  const names = await nameEndpoints(redis, keys, []);
  const states = await readEndpoints(redis, keys, names.slice(0, limit));
  const endpoints = states.filter(({ health, waiting }) => health.status !== 'healthy' || waiting > 0);
  return { endpoints, total: names.length - states.length + endpoints.length };
}

/** @param endpoints `<clientId> <origin>` each */
export function readEndpoints(
  redis: Redis,
  keys: StoreKeys,
  endpoints: readonly string[],
): Promise<EndpointState[]> {
  return Promise.all(endpoints.map((endpoint) => readEndpoint(redis, keys, endpoint)));
}

async function readEndpoint(redis: Redis, keys: StoreKeys, endpoint: string): Promise<EndpointState> {
  const [clientId = '', origin = ''] = endpoint.split(' ');
  const [stored, waiting, origins] = await Promise.all([
    readOr(redis.get(keys.endpointHealth(endpoint)), null),
    readOr(redis.zcard(keys.deferredDeliveries(endpoint)), 0),
    readOr(redis.hget(keys.client(clientId), 'allowedOrigins'), null),
  ]);
  const health = parseEndpointHealth(stored);
  return {
    clientId,
    origin,
    health,
    waiting,
    withdrawn: waiting > 0 && isWithdrawn(origin, health, origins),
  };
}

const originsJson = jsonText(z.array(z.string()));

function isWithdrawn(origin: string, health: EndpointHealth, stored: string | null): boolean {
  const allowedOrigins = originsJson.safeParse(stored);
  if (origin === 'none' || health.status === 'disabled' || !allowedOrigins.success) return false;
  return !isCallbackAllowed({ allowedOrigins: allowedOrigins.data }, { origin });
}
