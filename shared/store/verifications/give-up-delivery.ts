import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const giveUpDeliveryScript = loadScript(new URL('../scripts/give-up-delivery.lua', import.meta.url));

/**
 * Makes an event that this program cannot deliver a dead letter: shown as one, and redelivered like any other.
 *
 * @param now ms epoch
 */
export async function giveUpDelivery(redis: Redis, keys: StoreKeys, id: string, now: number): Promise<void> {
  await giveUpDeliveryScript(redis, [keys.record(id), keys.deadLetters(), keys.retention()], [id, now]);
}
