import type { Priority } from '../../contract/verification.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import type { Redis } from '../redis/redis-client.ts';
import { orderClassOf } from './order-class.ts';

/** What waits of a client. */
export interface ClientLine {
  readonly interactive: number;
  readonly bulk: number;
  /** ms epoch: when the first in line was submitted, of the priority that has waited longer; null when nothing waits. */
  readonly oldestAt: number | null;
}

/** Counts what a client has in line: neither what workers have in hand nor what waits for its next attempt's time. */
export async function readLine(redis: Redis, keys: StoreKeys, clientId: string): Promise<ClientLine> {
  const lineOf = (priority: Priority) => keys.shareLine(orderClassOf(priority), clientId);
  const [interactive, bulk, ...heads] = await Promise.all([
    readOr(redis.zcard(lineOf('interactive')), 0),
    readOr(redis.zcard(lineOf('bulk')), 0),
    readSince(redis, keys, lineOf('interactive')),
    readSince(redis, keys, lineOf('bulk')),
  ]);
  const since = heads.filter((at) => at !== null);
  return { interactive, bulk, oldestAt: since.length === 0 ? null : Math.min(...since) };
}

async function readSince(redis: Redis, keys: StoreKeys, line: string): Promise<number | null> {
  const [id] = await readOr(redis.zrange(line, '0', '0'), []);
  if (id === undefined) return null;
  const submittedAt = Number(await readOr(redis.hget(keys.record(id), 'submittedAt'), null));
  return Number.isSafeInteger(submittedAt) && submittedAt > 0 ? submittedAt : null;
}

/**
 * How many each of these clients has waiting of a priority. A pipeline of 500 at a time: one command each would cost Redis ten
 * times as much, and all at once would keep others waiting. What cannot be read counts as 0.
 */
export async function countWaiting(
  redis: Redis,
  keys: StoreKeys,
  priority: Priority,
  clientIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let i = 0; i < clientIds.length; i += AT_ONCE) {
    const some = clientIds.slice(i, i + AT_ONCE);
    const pipeline = redis.pipeline();
    for (const id of some) pipeline.zcard(keys.shareLine(orderClassOf(priority), id));
    const replies = (await pipeline.exec()) ?? [];
    for (const [k, id] of some.entries()) counts.set(id, await readOr(takeCount(replies[k]), 0));
  }
  return counts;
}

async function takeCount([error, reply]: [Error | null, unknown] = [null, 0]): Promise<number> {
  if (error !== null) throw error;
  return Number(reply);
}

const AT_ONCE = 500;
