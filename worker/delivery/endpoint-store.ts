import { type EndpointHealth, parseEndpointHealth } from '../../shared/store/endpoints/endpoint-health.ts';
import {
  changeEndpointHealth,
  type HealthChange,
} from '../../shared/store/endpoints/keep-endpoint-health.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

/** Where endpoint health lives, shared by all workers of the lane. An endpoint is `<clientId> <origin>`. */
export interface EndpointStore {
  /** May be a second old. */
  read(endpoint: string): Promise<EndpointHealth>;
  /** Makes the health that stands now into what `compute` says of it. */
  change(endpoint: string, compute: (health: EndpointHealth) => EndpointHealth): Promise<HealthChange>;
  /** Lets a verification's event wait until the endpoint is enabled again. */
  addDeferred(endpoint: string, verificationId: string, now: number): Promise<void>;
}

/** A worker may act on another's news this much later; it spares each delivery a round trip. */
const STALE_AFTER_MS = 1_000;

export function createEndpointStore(redis: Redis, keys: StoreKeys, now: () => number): EndpointStore {
  const known = new Map<string, { health: EndpointHealth; readAt: number }>();
  const remember = (endpoint: string, health: EndpointHealth) => {
    if (known.size > 10_000) known.clear();
    known.set(endpoint, { health, readAt: now() });
  };
  return {
    read: async (endpoint) => {
      const cached = known.get(endpoint);
      if (cached && now() - cached.readAt < STALE_AFTER_MS) return cached.health;
      const health = parseEndpointHealth(await redis.get(keys.endpointHealth(endpoint)));
      remember(endpoint, health);
      return health;
    },
    change: async (endpoint, compute) => {
      const change = await changeEndpointHealth(redis, keys, endpoint, compute);
      remember(endpoint, change.after);
      return change;
    },
    addDeferred: async (endpoint, verificationId, at) => {
      await redis
        .multi()
        .zadd(keys.deferredDeliveries(endpoint), at, verificationId)
        .sadd(keys.deferringEndpoints(), endpoint)
        .exec();
    },
  };
}
