import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const readFeedScript = loadScript(new URL('../scripts/read-feed.lua', import.meta.url));

const replyTexts = z.array(z.string());

export interface NumberedEvent {
  readonly sequence: number;
  /** Of the verification. */
  readonly id: string;
  /** The body of its webhook, with the number. */
  readonly body: string;
}

export interface FeedReading {
  /** The highest number that an event of the client was given; 0 without any. */
  readonly last: number;
  /** The number up to which was looked. */
  readonly upTo: number;
  /** By their numbers. What is missing between them is kept no more. */
  readonly events: readonly NumberedEvent[];
}

/** Events of a client after a number, `limit` at most. @throws what ioredis throws */
export async function readFeed(
  redis: Redis,
  keys: StoreKeys,
  { clientId, after, limit }: { readonly clientId: string; readonly after: number; readonly limit: number },
): Promise<FeedReading> {
  const [last, upTo, ...parts] = replyTexts.parse(
    await readFeedScript(
      redis,
      [keys.feed(clientId), keys.feedNumbers()],
      [keys.tag, clientId, after, limit],
    ),
  );
  const events = Array.from({ length: parts.length / 3 }, (_, i) => ({
    sequence: Number(parts[3 * i]),
    id: parts[3 * i + 1] ?? '',
    body: parts[3 * i + 2] ?? '',
  }));
  return { last: Number(last), upTo: Number(upTo), events };
}

/** The highest number of each client, in the order asked for; 0 where it has had no event. */
export async function readLastNumbers(
  redis: Redis,
  keys: StoreKeys,
  clientIds: readonly string[],
): Promise<number[]> {
  const numbers = await redis.hmget(keys.feedNumbers(), ...clientIds);
  return numbers.map((number) => Number(number ?? 0));
}

/** Whether an event has this number, or it is 0: otherwise Redis has lost its latest data. */
export async function isKnownSequence(
  redis: Redis,
  keys: StoreKeys,
  { clientId, after }: { readonly clientId: string; readonly after: number },
): Promise<boolean> {
  const [last = 0] = await readLastNumbers(redis, keys, [clientId]);
  return after <= last;
}
