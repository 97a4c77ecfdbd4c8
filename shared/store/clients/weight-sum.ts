import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { DEFAULT_WEIGHT, MAX_WEIGHT } from './client-weight.ts';
import { listClientIds } from './describe-client.ts';

/** A client's weight beside those of all clients that may submit or have work. */
export interface WeightSum {
  readonly weight: number;
  readonly sum: number;
  readonly clients: number;
}

const noteScript = loadScript(new URL('../scripts/note-client-weight.lua', import.meta.url));
const sumScript = loadScript(new URL('../scripts/sum-client-weights.lua', import.meta.url));

const noted = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** Brought up to date in one go. */
const AT_ONCE = 500;

/** How long one sum over all clients is believed, by the workers that look. */
const SUMMED_FOR_MS = 600_000;

/**
 * Reads the sum of the weights, and puts this client right in it: one script, whatever the number of clients. When the sum has
 * been lost, all clients are counted first.
 */
export async function readWeightSum(redis: Redis, keys: StoreKeys, clientId: string): Promise<WeightSum> {
  const { isComplete, ...sum } = await note(redis, keys, clientId);
  if (isComplete) return sum;
  await sumWeights(redis, keys);
  return note(redis, keys, clientId);
}

/** After a change of a client: its weight, or whether it may submit. */
export async function noteClientWeight(redis: Redis, keys: StoreKeys, clientId: string): Promise<void> {
  await note(redis, keys, clientId);
}

/**
 * Counts all clients once more, if none has for ten minutes. A version before, or a client that was written by hand, leaves the
 * sum wrong until then.
 */
export async function repairWeightSum(redis: Redis, keys: StoreKeys): Promise<void> {
  const ours = await redis.set(keys.weightSumTurn(), '1', 'PX', SUMMED_FOR_MS, 'NX');
  if (ours !== null) await sumWeights(redis, keys);
}

async function sumWeights(redis: Redis, keys: StoreKeys): Promise<void> {
  const ids = await listClientIds(redis, keys);
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    await Promise.all(ids.slice(i, i + AT_ONCE).map((id) => note(redis, keys, id)));
  }
  await sumScript(redis, [keys.weightSum()], []);
}

async function note(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
): Promise<WeightSum & { readonly isComplete: boolean }> {
  const reply = await noteScript(
    redis,
    [keys.client(clientId), keys.weightSum()],
    [clientId, keys.tag, DEFAULT_WEIGHT, MAX_WEIGHT],
  );
  const [weight, sum, clients, complete] = noted.parse(reply);
  return { weight, sum, clients, isComplete: complete === 1 };
}
