import type { StoreKeys } from '../keys.ts';
import { type ClientNotice, noticeArguments } from '../notices/written-notice.ts';
import type { Redis } from '../redis/redis-client.ts';
import { loadScript } from '../redis/script.ts';

const giveUpDeliveryScript = loadScript(new URL('../scripts/give-up-delivery.lua', import.meta.url));

/** An event that this program cannot deliver. */
export interface Undeliverable {
  /** Of its verification. */
  readonly id: string;
  /** ms epoch */
  readonly now: number;
  /** The event which says so; null where the record does not say whose it is. */
  readonly notice: ClientNotice | null;
}

/** Makes an event that this program cannot deliver a dead letter: shown as one, and redelivered like any other. */
export async function giveUpDelivery(
  redis: Redis,
  keys: StoreKeys,
  { id, now, notice }: Undeliverable,
): Promise<void> {
  const places = [keys.record(id), keys.deadLetters(), keys.retention()];
  await giveUpDeliveryScript(redis, places, [id, now, keys.tag, ...noticeArguments(notice)]);
}
