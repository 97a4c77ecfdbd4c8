import type { Redis } from 'ioredis';
import { EndpointHealth, healthyEndpoint } from '../../shared/callback/endpoint-health.ts';
import type { LaneKeys } from '../../shared/keys.ts';

/** Where endpoint health lives, shared by all workers of the lane. An endpoint is `<clientId> <origin>`. */
export interface EndpointStore {
  read(endpoint: string): Promise<EndpointHealth>;
  write(endpoint: string, health: EndpointHealth): Promise<void>;
  /** Lets a verification's event wait until the endpoint is enabled again. */
  addHeld(endpoint: string, verificationId: string, now: number): Promise<void>;
}

/** A worker may act on another's news this much later; it spares each delivery a round trip. */
const STALE_AFTER_MS = 1_000;

export function createEndpointStore(redis: Redis, keys: LaneKeys, now: () => number): EndpointStore {
  const known = new Map<string, { health: EndpointHealth; readAt: number }>();
  const remember = (endpoint: string, health: EndpointHealth) => {
    if (known.size > 10_000) known.clear();
    known.set(endpoint, { health, readAt: now() });
  };
  return {
    read: async (endpoint) => {
      const cached = known.get(endpoint);
      if (cached && now() - cached.readAt < STALE_AFTER_MS) return cached.health;
      const health = parseHealth(await redis.get(keys.endpointHealth(endpoint)));
      remember(endpoint, health);
      return health;
    },
    write: async (endpoint, health) => {
      remember(endpoint, health);
      if (health.status === 'healthy') await redis.del(keys.endpointHealth(endpoint));
      else await redis.set(keys.endpointHealth(endpoint), JSON.stringify(health));
    },
    addHeld: async (endpoint, verificationId, at) => {
      await redis
        .multi()
        .zadd(keys.heldDeliveries(endpoint), at, verificationId)
        .sadd(keys.heldEndpoints(), endpoint)
        .exec();
    },
  };
}

/** What cannot be read counts as healthy: the worst that follows is one more attempt. */
function parseHealth(text: string | null): EndpointHealth {
  if (text === null) return healthyEndpoint;
  try {
    return EndpointHealth.parse(JSON.parse(text));
  } catch {
    return healthyEndpoint;
  }
}
