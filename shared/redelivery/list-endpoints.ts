import type { Redis } from 'ioredis';
import { type EndpointHealth, parseEndpointHealth } from '../callback/endpoint-health.ts';
import type { LaneKeys } from '../keys.ts';

/** Where a client's events go: one origin. */
export interface EndpointState {
  readonly clientId: string;
  /** `none` stands for events without any address to go to. */
  readonly origin: string;
  readonly health: EndpointHealth;
  /** Events that wait for it. */
  readonly waiting: number;
}

/**
 * The endpoints of a lane: those at which events wait, those that are failing or held, and those of the clients' own
 * callback URLs and origins.
 *
 * @param known `<clientId> <origin>`, as the clients' settings name them
 */
export async function listEndpoints(
  redis: Redis,
  keys: LaneKeys,
  known: readonly string[],
): Promise<EndpointState[]> {
  const [held, unhealthy] = await Promise.all([
    redis.smembers(keys.heldEndpoints()),
    redis.smembers(keys.unhealthyEndpoints()),
  ]);
  const endpoints = [...new Set([...held, ...unhealthy, ...known])].sort();
  const states = await Promise.all(endpoints.map((endpoint) => readEndpoint(redis, keys, endpoint)));
  return states.filter(({ origin, waiting }) => origin !== 'none' || waiting > 0);
}

export interface TroubledEndpoints {
  readonly endpoints: readonly EndpointState[];
  /** How many there are, those left out included. */
  readonly total: number;
}

/** Endpoints that are failing or held, and those at which events wait; at most `limit` of them are read. */
export async function listTroubledEndpoints(
  redis: Redis,
  keys: LaneKeys,
  limit: number,
): Promise<TroubledEndpoints> {
  const sets = await Promise.all([
    redis.smembers(keys.heldEndpoints()),
    redis.smembers(keys.unhealthyEndpoints()),
  ]);
  const names = [...new Set(sets.flat())].sort();
  const states = await Promise.all(
    names.slice(0, limit).map((endpoint) => readEndpoint(redis, keys, endpoint)),
  );
  const endpoints = states.filter(({ health, waiting }) => health.status !== 'healthy' || waiting > 0);
  return { endpoints, total: names.length - states.length + endpoints.length };
}

async function readEndpoint(redis: Redis, keys: LaneKeys, endpoint: string): Promise<EndpointState> {
  const [health, waiting] = await Promise.all([
    redis.get(keys.endpointHealth(endpoint)),
    redis.zcard(keys.heldDeliveries(endpoint)),
  ]);
  const [clientId = '', origin = ''] = endpoint.split(' ');
  return { clientId, origin, health: parseEndpointHealth(health), waiting };
}
