import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const keepEventScript = loadScript(new URL('../scripts/keep-event.lua', import.meta.url));

const replyText = z.string().nullable();

/**
 * Keeps the event's body in the record, unless there is one: every delivery from now on sends the same bytes.
 *
 * @returns the body to send; null when the record is gone
 */
export async function keepEvent(
  redis: Redis,
  keys: StoreKeys,
  id: string,
  event: string,
): Promise<string | null> {
  return replyText.parse(await keepEventScript(redis, [keys.record(id)], [event, keys.tag, id]));
}
