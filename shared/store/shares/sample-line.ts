import type { Priority } from '../../contract/verification.ts';
import { storedWeight } from '../clients/client-weight.ts';
import type { StoreKeys } from '../keys.ts';
import type { Redis } from '../redis/redis-client.ts';
import { orderClassOf } from './order-class.ts';

/** A client that has verifications of one priority waiting. */
export interface WaitingClient {
  readonly clientId: string;
  /** That its turns are given with. */
  readonly weight: number;
  readonly waiting: number;
  /** By how much the tag of its next turn is ahead of the one that got a slot last; 0 where that is not known. */
  readonly lead: number;
}

/** Those clients, the most waiting first. Two round trips; their cost grows with the clients that wait. */
export async function readWaitingClients(
  redis: Redis,
  keys: StoreKeys,
  priority: Priority,
): Promise<WaitingClient[]> {
  const orderClass = orderClassOf(priority);
  const [weights, served] = await Promise.all([
    redis.hgetall(keys.shareWeights(orderClass)),
    redis.hget(keys.shares(), `v:${orderClass}`),
  ]);
  const clients = await Promise.all(
    Object.entries(weights).map(async ([clientId, weight]) => {
      const [waiting, start] = await Promise.all([
        redis.zcard(keys.shareLine(orderClass, clientId)),
        redis.zscore(keys.shareNext(orderClass), clientId),
      ]);
      const lead = start === null || served === null ? 0 : Math.max(0, Number(start) - Number(served));
      return { clientId, weight: storedWeight.parse(weight), waiting, lead };
    }),
  );
  return clients.filter(({ waiting }) => waiting > 0).sort((a, b) => b.waiting - a.waiting);
}

/** One in a client's line. */
export interface InLine {
  readonly id: string;
  /** How many of its client's stand before it. */
  readonly ahead: number;
}

/** Verifications from all over a client's line, its first and its last among them; all, where those are few enough. */
export async function sampleLine(
  redis: Redis,
  keys: StoreKeys,
  line: {
    readonly clientId: string;
    readonly priority: Priority;
    readonly waiting: number;
    readonly size: number;
  },
): Promise<InLine[]> {
  const key = keys.shareLine(orderClassOf(line.priority), line.clientId);
  const ranks = spreadRanks(line.waiting, line.size);
  const found = await Promise.all(ranks.map((rank) => redis.zrange(key, String(rank), String(rank))));
  return found.flatMap(([id], i) => (id === undefined ? [] : [{ id, ahead: ranks[i] ?? 0 }]));
}

/** At most `size` of `length` places, evenly apart, from the first to the last. */
export function spreadRanks(length: number, size: number): readonly number[] {
  if (length <= size) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: size }, (_, i) => Math.round((i * (length - 1)) / (size - 1)));
}
