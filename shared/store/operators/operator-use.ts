import type { Redis } from 'ioredis';
import { ENVIRONMENT_OPERATOR } from '../../contract/console-operators.ts';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { createConsoleSessions } from './console-sessions.ts';
import { listOperators, type OperatorIdentity } from './operators.ts';

const touchScript = loadScript(new URL('../scripts/touch-key.lua', import.meta.url));

/**
 * Writes down that a key was used.
 *
 * @param keyHash null: the key of the environment
 * @param now ms epoch
 */
export async function touchOperator(
  redis: Redis,
  keys: StoreKeys,
  keyHash: string | null,
  now: number,
): Promise<void> {
  if (keyHash === null) await redis.hset(keys.operatorUses(), ENVIRONMENT_OPERATOR, now);
  else await touchScript(redis, [keys.operators(), keys.operatorUses()], [keyHash, now]);
}

export interface KeyUse {
  /** ms epoch; null: not since it is written down */
  readonly lastUsedAt: number | null;
  /** Sessions of the console that were begun with the key and stand. */
  readonly sessions: number;
}

export interface OperatorDescription extends OperatorIdentity, KeyUse {
  /** The visible beginning of the key. */
  readonly prefix: string;
  /** ms epoch */
  readonly createdAt: number;
}

/**
 * Who may use the console, and when each last did.
 *
 * @param now ms epoch
 */
export async function describeOperators(
  redis: Redis,
  keys: StoreKeys,
  now: number,
): Promise<{ readonly operators: readonly OperatorDescription[]; readonly environment: KeyUse }> {
  const [stored, uses, sessions] = await Promise.all([
    listOperators(redis, keys),
    redis.hgetall(keys.operatorUses()),
    createConsoleSessions(redis, keys).list(now),
  ]);
  const useOf = (keyHash: string | null): KeyUse => {
    const text = uses[keyHash ?? ENVIRONMENT_OPERATOR] ?? '';
    return {
      lastUsedAt: /^\d{1,15}$/.test(text) ? Number(text) : null,
      sessions: sessions.filter((session) => session.keyHash === keyHash).length,
    };
  };
  return {
    operators: stored.map(({ keyHash, ...operator }) => ({ ...operator, ...useOf(keyHash) })),
    environment: useOf(null),
  };
}
