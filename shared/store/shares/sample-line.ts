import type { Priority } from '../../contract/verification.ts';
import { storedWeight } from '../clients/client-weight.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import type { Redis } from '../redis/redis-client.ts';
import { orderClassOf } from './order-class.ts';
import { countWaiting } from './read-line.ts';
import { readShareWeights } from './read-shares.ts';

/** A client that has verifications of one priority waiting. */
export interface WaitingClient {
  readonly clientId: string;
  /** That its turns are given with. */
  readonly weight: number;
  readonly waiting: number;
  /** By how much the tag of its next turn is ahead of the one that got a slot last; 0 where that is not known. */
  readonly lead: number;
}

/** Those clients, the most waiting first, and how many more there are. Their lines are counted, whatever their length. */
export async function readWaitingClients(
  redis: Redis,
  keys: StoreKeys,
  priority: Priority,
  atMost: number,
): Promise<{ readonly clients: readonly WaitingClient[]; readonly left: number }> {
  const orderClass = orderClassOf(priority);
  const [weights, served] = await Promise.all([
    readShareWeights(redis, keys, priority),
    readOr(redis.hget(keys.shares(), `v:${orderClass}`), null),
  ]);
  const counts = await countWaiting(redis, keys, priority, Object.keys(weights));
  const most = [...counts].filter(([, waiting]) => waiting > 0).sort(([, a], [, b]) => b - a);
  const clients = await Promise.all(
    most.slice(0, atMost).map(async ([clientId, waiting]) => {
      const start = await readOr(redis.zscore(keys.shareNext(orderClass), clientId), null);
      const lead = start === null || served === null ? 0 : Math.max(0, Number(start) - Number(served));
      return { clientId, weight: storedWeight.parse(weights[clientId]), waiting, lead };
    }),
  );
  return { clients, left: most.length - clients.length };
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
