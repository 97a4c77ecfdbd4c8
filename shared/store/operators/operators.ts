import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import { generateOperatorKey, hashOperatorKey } from '../../sealing/operator-key.ts';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

/** Under this name Activity lists what was done on Redis, without the operators' API. */
export const COMMAND_LINE_OPERATOR = 'command line';

/** More are no team of operators. */
export const MAX_OPERATORS = 100;

export interface OperatorIdentity {
  readonly name: string;
  /** May look at everything and change nothing. */
  readonly readOnly: boolean;
}

export interface StoredOperator extends OperatorIdentity {
  /** What the key rests as. */
  readonly keyHash: string;
  /** The visible beginning of the key. */
  readonly prefix: string;
  /** ms epoch */
  readonly createdAt: number;
}

const storedOperator = jsonText(
  z.object({ name: z.string(), readOnly: z.boolean(), prefix: z.string(), createdAt: z.number() }),
);

const addScript = loadScript(new URL('../scripts/add-operator.lua', import.meta.url));
const revokeScript = loadScript(new URL('../scripts/revoke-operator.lua', import.meta.url));

/** `vqo_` and eight digits: enough to distinguish keys, of no use to guess one. */
const VISIBLE_PREFIX_LENGTH = 12;

export type OperatorAddition =
  | { readonly status: 'added'; readonly key: string }
  | { readonly status: 'name_taken' | 'too_many' };

/**
 * Gives an operator a key.
 *
 * @param now ms epoch
 * @returns the key, which is shown once: only its hash is kept
 */
export async function addOperator(
  redis: Redis,
  keys: StoreKeys,
  { name, readOnly, now }: OperatorIdentity & { readonly now: number },
): Promise<OperatorAddition> {
  const key = generateOperatorKey(randomBytes);
  const stored = { name, readOnly, prefix: key.slice(0, VISIBLE_PREFIX_LENGTH), createdAt: now };
  const reply = await addScript(
    redis,
    [keys.operators()],
    [hashOperatorKey(key), name, JSON.stringify(stored), MAX_OPERATORS],
  );
  return reply === 'added' ? { status: 'added', key } : { status: reply as 'name_taken' | 'too_many' };
}

/** `last_full_key`: it is the last named one that may change things, and stands. */
export type OperatorRevocation = 'revoked' | 'missing' | 'last_full_key';

/**
 * Refuses an operator's key from now on and ends the sessions that were begun with it.
 *
 * @param evenLast also the last one that may change things: OPERATOR_KEY alone can then
 */
export async function revokeOperator(
  redis: Redis,
  keys: StoreKeys,
  { name, evenLast }: { readonly name: string; readonly evenLast: boolean },
): Promise<OperatorRevocation> {
  const reply = await revokeScript(
    redis,
    [keys.operators(), keys.consoleSessions(), keys.operatorUses()],
    [name, evenLast ? '1' : '0'],
  );
  return reply as OperatorRevocation;
}

/** Whose key has this hash; null when it is unknown or revoked, or its entry cannot be read. */
export async function findOperator(
  redis: Redis,
  keys: StoreKeys,
  keyHash: string,
): Promise<OperatorIdentity | null> {
  const parsed = storedOperator.safeParse(await redis.hget(keys.operators(), keyHash));
  return parsed.success ? { name: parsed.data.name, readOnly: parsed.data.readOnly } : null;
}

/** By name. Entries that cannot be read open nothing and are left out. */
export async function listOperators(redis: Redis, keys: StoreKeys): Promise<readonly StoredOperator[]> {
  const found = Object.entries(await redis.hgetall(keys.operators())).flatMap(([keyHash, text]) => {
    const parsed = storedOperator.safeParse(text);
    return parsed.success ? [{ ...parsed.data, keyHash }] : [];
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}
