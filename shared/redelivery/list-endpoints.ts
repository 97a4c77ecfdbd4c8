import type { Redis } from 'ioredis';
import { EndpointHealth, healthyEndpoint } from '../callback/endpoint-health.ts';
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
 * The endpoints of a lane: those at which events wait, and those of the clients' own callback URLs and origins.
 *
 * @param known `<clientId> <origin>`, as the clients' settings name them
 */
export async function listEndpoints(
  redis: Redis,
  keys: LaneKeys,
  known: readonly string[],
): Promise<EndpointState[]> {
  const held = await redis.smembers(keys.heldEndpoints());
  const endpoints = [...new Set([...held, ...known])].sort();
  const states = await Promise.all(endpoints.map((endpoint) => readEndpoint(redis, keys, endpoint)));
  return states.filter(({ origin, waiting }) => origin !== 'none' || waiting > 0);
}

async function readEndpoint(redis: Redis, keys: LaneKeys, endpoint: string): Promise<EndpointState> {
  const [health, waiting] = await Promise.all([
    redis.get(keys.endpointHealth(endpoint)),
    redis.zcard(keys.heldDeliveries(endpoint)),
  ]);
  const [clientId = '', origin = ''] = endpoint.split(' ');
  return { clientId, origin, health: parseHealth(health), waiting };
}

/** As the workers read it: what cannot be read counts as healthy. */
function parseHealth(text: string | null): EndpointHealth {
  if (text === null) return healthyEndpoint;
  try {
    return EndpointHealth.parse(JSON.parse(text));
  } catch {
    return healthyEndpoint;
  }
}
