import type { Priority } from '../../contract/verification.ts';
import { readCallsOfMinute } from '../clients/calls-made.ts';
import { storedWeight } from '../clients/client-weight.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import type { Redis } from '../redis/redis-client.ts';
import { readShareWeights } from './read-shares.ts';

/** A client that has something waiting, or had calls in the last minute. */
export interface ActiveClient {
  readonly weight: number;
  readonly waits: Readonly<Record<Priority, boolean>>;
  readonly calls: number;
}

export interface Activity {
  /** By id. */
  readonly clients: ReadonlyMap<string, ActiveClient>;
  /** Of the last minute and all clients, also of those that have been deleted since. */
  readonly calls: number;
}

/**
 * Which clients take part in the shares now. Idle ones cost nothing: what is read grows with the clients that wait, and with the
 * calls of a minute, which the quota bounds. Two round trips.
 *
 * @param now ms epoch
 * @throws what ioredis throws
 */
export async function readActivity(redis: Redis, keys: StoreKeys, now: number): Promise<Activity> {
  const [interactive, bulk, calls] = await Promise.all([
    readShareWeights(redis, keys, 'interactive'),
    readShareWeights(redis, keys, 'bulk'),
    readCallsOfMinute(redis, keys, now),
  ]);
  const waiting = { ...bulk, ...interactive };
  const idle = [...calls.keys()].filter((id) => waiting[id] === undefined);
  const weights = await readWeights(redis, keys, idle);
  const clients = new Map<string, ActiveClient>();
  for (const [clientId, weight] of [...Object.entries(waiting), ...weights])
    clients.set(clientId, {
      weight: storedWeight.parse(weight),
      waits: { interactive: interactive[clientId] !== undefined, bulk: bulk[clientId] !== undefined },
      calls: calls.get(clientId) ?? 0,
    });
  return { clients, calls: [...calls.values()].reduce((sum, n) => sum + n, 0) };
}

/** A client that was deleted after its calls has no weight, and no part in the shares. */
async function readWeights(
  redis: Redis,
  keys: StoreKeys,
  ids: readonly string[],
): Promise<(readonly [clientId: string, weight: string])[]> {
  const known = await Promise.all(
    ids.map(async (clientId) => {
      const [id, weight] = await readOr(redis.hmget(keys.client(clientId), 'id', 'weight'), [null, null]);
      return typeof id === 'string' ? ([clientId, weight ?? ''] as const) : null;
    }),
  );
  return known.filter((each) => each !== null);
}
