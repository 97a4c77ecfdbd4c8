import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { budgetPeriodsOf } from '../usage/budget-periods.ts';

export type PlaceReservation =
  /** `free`: nothing limits the client, so that there is nothing to give back. */
  | { readonly status: 'free' | 'reserved' }
  /** As many of the client's verifications as its cap allows have no outcome yet, or are being accepted. */
  | { readonly status: 'full'; readonly unfinished: number; readonly cap: number }
  /** What it has spent and what may still be billed fills its hard budget, until then (ms epoch). */
  | { readonly status: 'exhausted'; readonly endsAt: number };

const reservePlaceScript = loadScript(new URL('../scripts/reserve-place.lua', import.meta.url));

const placeReply = z.union([
  z.tuple([z.enum(['free', 'reserved'])]),
  z.tuple([z.literal('full'), z.number(), z.number()]),
  z.tuple([z.literal('exhausted'), z.enum(['day', 'month'])]),
]);

/** Longer than an acceptance takes; a producer that dies in it blocks its place no longer. */
const RESERVED_MS = 30_000;

/**
 * Reserves a place for a submission among its client's verifications without an outcome. The acceptance of the same id takes
 * the reservation's place; {@link releasePlace} gives it back.
 *
 * Limits are read where they are compared, and not taken from what a producer remembers of its client: a change holds at once.
 *
 * @param defaultCap of a client that has none of its own; 0 sets none
 * @param now ms epoch; decides which day and month a budget is for
 */
export async function reservePlace(
  redis: Redis,
  keys: StoreKeys,
  {
    id,
    clientId,
    defaultCap,
    now,
  }: { readonly id: string; readonly clientId: string; readonly defaultCap: number; readonly now: number },
): Promise<PlaceReservation> {
  const { day, month, dayEndsAt, monthEndsAt } = budgetPeriodsOf(now);
  const reply = await reservePlaceScript(
    redis,
    [keys.client(clientId), keys.reservedPlaces(clientId), keys.clientLedger(clientId, month)],
    [id, clientId, keys.tag, defaultCap, RESERVED_MS, day.slice(-2)],
  );
  const [status, first, cap] = placeReply.parse(reply);
  switch (status) {
    case 'full':
      return { status, unfinished: first, cap };
    case 'exhausted':
      return { status, endsAt: first === 'day' ? dayEndsAt : monthEndsAt };
    default:
      return { status };
  }
}

/** Gives a place back whose submission came to nothing. */
export async function releasePlace(
  redis: Redis,
  keys: StoreKeys,
  { id, clientId }: { readonly id: string; readonly clientId: string },
): Promise<void> {
  await redis.zrem(keys.reservedPlaces(clientId), id);
}
