import { z } from 'zod';
import type { Priority } from '../../contract/verification.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import type { Redis } from '../redis/redis-client.ts';
import { orderClassOf } from './order-class.ts';

/** The clients that have verifications of one priority waiting. */
export interface ActiveShares {
  readonly clients: number;
  /** Of their weights. */
  readonly weights: number;
}

/** One client's part of one priority. */
export interface ClientShare {
  /** Its weight, whether anything of it waits or not. */
  readonly weight: number;
  /** Its verifications in line: neither those in a worker's hands nor those that wait for another attempt's time. */
  readonly waiting: number;
  /** Of all that have something waiting, this one included if it has. */
  readonly active: ActiveShares;
}

const count = z.coerce.number().nonnegative().catch(0);

/**
 * What a client's share is made of now. One round trip of five short commands, whatever waits.
 *
 * @param weight of the client, as its record has it
 * @throws what ioredis throws
 */
export async function readClientShare(
  redis: Redis,
  keys: StoreKeys,
  { clientId, priority, weight }: { clientId: string; priority: Priority; weight: number },
): Promise<ClientShare> {
  const orderClass = orderClassOf(priority);
  const [waiting, active] = await Promise.all([
    redis.zcard(keys.shareLine(orderClass, clientId)),
    readActiveShares(redis, keys, priority),
  ]);
  return { weight, waiting, active };
}

/** The number of clients that have something waiting, and the sum of their weights. */
export async function readActiveShares(
  redis: Redis,
  keys: StoreKeys,
  priority: Priority,
): Promise<ActiveShares> {
  const orderClass = orderClassOf(priority);
  const [clients, weights] = await Promise.all([
    redis.hlen(keys.shareWeights(orderClass)),
    redis.hget(keys.shares(), `weights:${orderClass}`),
  ]);
  return { clients, weights: clients === 0 ? 0 : Math.max(count.parse(weights ?? 0), clients) };
}

/** How many of its client's own verifications are before it in line; null when it stands in none. */
export async function readNumberAhead(
  redis: Redis,
  keys: StoreKeys,
  { id, clientId, priority }: { id: string; clientId: string; priority: Priority },
): Promise<number | null> {
  return redis.zrank(keys.shareLine(orderClassOf(priority), clientId), id);
}

/** By id, the weights that the clients' turns are given with who have something of a priority waiting. */
export async function readShareWeights(
  redis: Redis,
  keys: StoreKeys,
  priority: Priority,
): Promise<Readonly<Record<string, string>>> {
  return readOr<Readonly<Record<string, string>>, Readonly<Record<string, string>>>(
    redis.hgetall(keys.shareWeights(orderClassOf(priority))),
    {},
  );
}
