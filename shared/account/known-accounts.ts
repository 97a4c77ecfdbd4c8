import { z } from 'zod';
import { jsonText } from '../contract/json-text.ts';
import type { StoreKeys } from '../store/keys.ts';
import type { Redis } from '../store/redis/redis-client.ts';
import { loadScript } from '../store/redis/script.ts';
import { MINUTE_MS } from '../time-units.ts';

/** What is known of an account without its secrets: workers write it down, producers and the command line read it. */
export interface KnownAccount {
  readonly name: string;
  readonly quotaPerSecond: number;
  readonly weight: number;
  /** The clients that it is reserved for; null: those that no account is reserved for. */
  readonly clients: readonly string[] | null;
  readonly endpoint: string;
  readonly region: string | null;
  readonly livemode: boolean;
  /** ms epoch, by the clock of the worker that said so last. */
  readonly announcedAt: number;
}

/** Workers renew what they have written with their presence. What others have outlived by so long is no account any more. */
const OUTLIVED_MS = 10 * MINUTE_MS;

const announceScript = loadScript(new URL('announce-accounts.lua', import.meta.url));

const written = jsonText(
  z.object({
    quotaPerSecond: z.number(),
    weight: z.number(),
    clients: z.array(z.string()).nullable(),
    endpoint: z.string(),
    region: z.string().nullable(),
    livemode: z.boolean(),
    announcedAt: z.number(),
  }),
);

/**
 * Writes down which accounts a worker serves.
 *
 * @param isFirst false for the one account of the environment: it is written only beside others, so that a deployment that never
 *   had a file of accounts has no such key
 */
export async function announceAccounts(
  redis: Redis,
  keys: StoreKeys,
  accounts: readonly KnownAccount[],
  isFirst: boolean,
): Promise<void> {
  const pairs = accounts.flatMap(({ name, ...facts }) => [name, JSON.stringify(facts)]);
  await announceScript(redis, [keys.accounts()], [isFirst ? '1' : '0', ...pairs]);
}

/** By name; empty where one account is that of the environment. An entry that cannot be read is left out. */
export async function readKnownAccounts(redis: Redis, keys: StoreKeys): Promise<readonly KnownAccount[]> {
  return parseKnownAccounts(await redis.hgetall(keys.accounts()));
}

export function parseKnownAccounts(hash: Readonly<Record<string, string>>): readonly KnownAccount[] {
  const accounts = Object.entries(hash).flatMap(([name, text]): KnownAccount[] => {
    const parsed = written.safeParse(text);
    return parsed.success ? [{ name, ...parsed.data }] : [];
  });
  const newest = Math.max(...accounts.map(({ announcedAt }) => announcedAt));
  return accounts
    .filter(({ announcedAt }) => announcedAt > newest - OUTLIVED_MS)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
