import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

export type PlaceReservation =
  /** `free`: the client has no cap, so that there is nothing to give back. */
  | { readonly status: 'free' | 'reserved' }
  /** As many of the client's verifications as its cap allows have no outcome yet, or are being accepted. */
  | { readonly status: 'full'; readonly unfinished: number; readonly cap: number };

const reservePlaceScript = loadScript(new URL('../scripts/reserve-place.lua', import.meta.url));

const placeReply = z.union([
  z.tuple([z.enum(['free', 'reserved'])]).transform(([status]): PlaceReservation => ({ status })),
  z
    .tuple([z.literal('full'), z.number(), z.number()])
    .transform(([status, unfinished, cap]): PlaceReservation => ({ status, unfinished, cap })),
]);

/** Longer than an acceptance takes; a producer that dies in it blocks its place no longer. */
const RESERVED_MS = 30_000;

/**
 * Reserves a place for a submission among its client's verifications without an outcome. The acceptance of the same id takes
 * the reservation's place; {@link releasePlace} gives it back.
 *
 * The cap is read where it is compared, and not taken from what a producer remembers of its client: a change holds at once.
 *
 * @param defaultCap of a client that has none of its own; 0 sets none
 */
export async function reservePlace(
  redis: Redis,
  keys: StoreKeys,
  {
    id,
    clientId,
    defaultCap,
  }: { readonly id: string; readonly clientId: string; readonly defaultCap: number },
): Promise<PlaceReservation> {
  const reply = await reservePlaceScript(
    redis,
    [keys.client(clientId), keys.reservedPlaces(clientId)],
    [id, clientId, keys.tag, defaultCap, RESERVED_MS],
  );
  return placeReply.parse(reply);
}

/** Gives a place back whose submission came to nothing. */
export async function releasePlace(
  redis: Redis,
  keys: StoreKeys,
  { id, clientId }: { readonly id: string; readonly clientId: string },
): Promise<void> {
  await redis.zrem(keys.reservedPlaces(clientId), id);
}
