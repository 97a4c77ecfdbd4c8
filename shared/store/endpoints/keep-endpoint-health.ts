import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { type EndpointHealth, parseEndpointHealth, writeEndpointHealth } from './endpoint-health.ts';

const replaceScript = loadScript(new URL('../scripts/replace-endpoint-health.lua', import.meta.url));

export interface HealthChange {
  readonly before: EndpointHealth;
  /** `before` itself when nothing changes. */
  readonly after: EndpointHealth;
}

/** Makes the health that stands now into what `compute` says of it: of several at once each builds on the one before. */
export async function changeEndpointHealth(
  redis: Redis,
  keys: StoreKeys,
  endpoint: string,
  compute: (health: EndpointHealth) => EndpointHealth,
): Promise<HealthChange> {
  const text = await redis.get(keys.endpointHealth(endpoint));
  const before = parseEndpointHealth(text);
  const after = compute(before);
  if (after === before) return { before, after };
  const reply = await replaceScript(
    redis,
    [keys.endpointHealth(endpoint), keys.unhealthyEndpoints()],
    [endpoint, text ?? '', after.status === 'healthy' ? '' : writeEndpointHealth(after)],
  );
  return reply === 'replaced' ? { before, after } : changeEndpointHealth(redis, keys, endpoint, compute);
}

/** Declares an endpoint healthy, whatever it was. */
export async function forgetEndpointHealth(redis: Redis, keys: StoreKeys, endpoint: string): Promise<void> {
  await redis.multi().del(keys.endpointHealth(endpoint)).srem(keys.unhealthyEndpoints(), endpoint).exec();
}

/**
 * Disables an endpoint by an operator's word: from the next second on its events wait until it is enabled.
 *
 * @param now ms epoch
 */
export async function disableEndpoint(
  redis: Redis,
  keys: StoreKeys,
  endpoint: string,
  now: number,
): Promise<'disabled' | 'already_disabled'> {
  const { before, after } = await changeEndpointHealth(redis, keys, endpoint, (health) =>
    health.status === 'disabled'
      ? health
      : { status: 'disabled', reason: 'operator', failingSince: now, disabledAt: now },
  );
  return after === before ? 'already_disabled' : 'disabled';
}
