import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import { generateOperatorKey, hashOperatorKey } from '../../sealing/operator-key.ts';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

/** The operator who uses the key of the environment. No other may have this name. */
export const ENVIRONMENT_OPERATOR = 'environment';

/** Under this name Activity lists what was done on Redis, without the operators' API. */
export const COMMAND_LINE_OPERATOR = 'command line';

/** More are no team of operators. */
export const MAX_OPERATORS = 100;

/** Letters, digits and `. _ @ -`: a name stands in logs, in commands and in a list of columns. */
export const operatorName = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,39}$/u)
  .refine((name) => name !== ENVIRONMENT_OPERATOR);

export interface OperatorIdentity {
  readonly name: string;
  /** May look at everything and change nothing. */
  readonly readOnly: boolean;
}

export interface OperatorDescription extends OperatorIdentity {
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

/**
 * Refuses an operator's key from now on and ends the sessions that were begun with it.
 *
 * @returns false when there is no operator of this name
 */
export async function revokeOperator(redis: Redis, keys: StoreKeys, name: string): Promise<boolean> {
  return (await revokeScript(redis, [keys.operators(), keys.consoleSessions()], [name])) === 1;
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
export async function listOperators(redis: Redis, keys: StoreKeys): Promise<readonly OperatorDescription[]> {
  const found = (await redis.hvals(keys.operators())).flatMap((text) => {
    const parsed = storedOperator.safeParse(text);
    return parsed.success ? [parsed.data] : [];
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}
