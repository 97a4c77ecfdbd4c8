import type { StoreKeys } from '../keys.ts';
import type { Redis, Transaction } from '../redis/redis-client.ts';
import { loadScript } from '../redis/script.ts';

const placeScript = loadScript(new URL('../scripts/place.lua', import.meta.url));
const leaveLineScript = loadScript(new URL('../scripts/leave-line.lua', import.meta.url));
const landScript = loadScript(new URL('../scripts/land-retries.lua', import.meta.url));

/** `back`: went back unasked, first in its client's line. `unplaced`: only what has no place yet. */
export type PlacedAs = 'fresh' | 'back' | 'unplaced';

export interface PlaceContext {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}

/**
 * Puts waiting verifications in their places in their clients' lines. What is not waiting is passed by.
 *
 * @returns how many were put in their places
 * @throws what ioredis throws
 */
export async function placeVerifications(
  { redis, keys }: PlaceContext,
  as: PlacedAs,
  ids: readonly string[],
): Promise<number> {
  return Number(await placeScript(redis, ...placeArguments(keys, as, ids)));
}

/** The same behind the commands that add the job. */
export function queuePlacing(transaction: Transaction, keys: StoreKeys, id: string): void {
  placeScript.appendTo(transaction, ...placeArguments(keys, 'fresh', [id]));
}

function placeArguments(
  keys: StoreKeys,
  as: PlacedAs,
  ids: readonly string[],
): [keys: readonly string[], args: readonly string[]] {
  return [[keys.queueKey(keys.verificationQueue, 'prioritized')], [keys.tag, as, ...ids]];
}

/** Takes a verification out of its client's line that is going to stand aside unclaimed. */
export async function leaveLine({ redis, keys }: PlaceContext, id: string): Promise<void> {
  await leaveLineScript(redis, [keys.record(id)], [id, keys.tag]);
}

/**
 * Gives what has come back for another attempt its place, at the front of its client's line. Only while the account is open:
 * before that, it is to stay behind everything.
 *
 * @param atMost each takes Redis some microseconds
 * @returns how many there were
 */
export async function landRetries({ redis, keys }: PlaceContext, atMost: number): Promise<number> {
  const prioritized = keys.queueKey(keys.verificationQueue, 'prioritized');
  return Number(await landScript(redis, [prioritized], [keys.tag, atMost]));
}
