import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { generateApiKey, isTestKey } from '../../sealing/api-key.ts';
import type { StoreKeys } from '../keys.ts';
import {
  type ApiKeyGrant,
  type ApiKeyRecord,
  DEFAULT_GRANT,
  fieldOf,
  formatApiKeys,
  parseApiKeys,
  recordApiKey,
} from './api-key-record.ts';
import { replaceField } from './replace-field.ts';

interface Target {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly clientId: string;
}

interface KeyOptions {
  /** ms epoch */
  readonly now: number;
  /** What the key may do. @default DEFAULT_GRANT */
  readonly grant?: ApiKeyGrant;
  /** @default generateApiKey */
  readonly generate?: typeof generateApiKey;
}

/**
 * Gives a client one more API key; the older ones stay valid until they are revoked, so that no request fails while
 * the application moves to the new one.
 *
 * @returns the key, shown once; null when there is no such client
 */
export async function addApiKey(
  { redis, keys, clientId }: Target,
  { now, grant = DEFAULT_GRANT, generate = generateApiKey }: KeyOptions,
): Promise<string | null> {
  const apiKey = generate(randomBytes);
  const record = recordApiKey(apiKey, grant, now);
  const field = fieldOf(grant);
  const result = await replaceField(redis, keys, { clientId, field }, (present) => {
    // A reply that was lost has it computed again, over a list that has the key already.
    const others = parseApiKeys(field, present).filter(({ hash }) => hash !== record.hash);
    return { value: formatApiKeys(field, [record, ...others]), addedHash: record.hash };
  });
  return result === 'missing' ? null : apiKey;
}

export type Revocation =
  | { readonly status: 'revoked'; readonly prefix: string }
  | { readonly status: 'missing' }
  /** No key, or several, begin so. */
  | { readonly status: 'unknown_key' | 'ambiguous' }
  /** A client without a key would look like one that never existed. */
  | { readonly status: 'last_key' };

/**
 * @param prefix the visible beginning of the key, or enough of it to distinguish it from the others
 * @throws what ioredis throws
 */
export async function revokeApiKey({ redis, keys, clientId }: Target, prefix: string): Promise<Revocation> {
  for (;;) {
    const client = keys.client(clientId);
    const [id, plain, scoped] = await redis.hmget(client, 'id', 'apiKeys', 'scopedKeys');
    if (!id) return { status: 'missing' };
    const lists = {
      apiKeys: parseApiKeys('apiKeys', plain ?? ''),
      scopedKeys: parseApiKeys('scopedKeys', scoped ?? ''),
    };
    const all = [...lists.apiKeys, ...lists.scopedKeys];
    const found = all.filter((key) => key.prefix.startsWith(prefix));
    const decided = decideRevocation(all, found);
    const [revoked] = found;
    if (decided.status !== 'revoked' || revoked === undefined) return decided;
    const field = lists.apiKeys.includes(revoked) ? 'apiKeys' : 'scopedKeys';
    const result = await replaceField(redis, keys, { clientId, field }, (present) =>
      withoutKey(field, present, revoked),
    );
    if (result !== 'unchanged') return result === 'missing' ? { status: 'missing' } : decided;
    // Another operator has revoked it in this very moment: what is left decides.
  }
}

function withoutKey(field: 'apiKeys' | 'scopedKeys', present: string, { hash }: ApiKeyRecord) {
  const listed = parseApiKeys(field, present);
  const kept = listed.filter((key) => key.hash !== hash);
  return kept.length === listed.length ? null : { value: formatApiKeys(field, kept), removedHash: hash };
}

function decideRevocation(all: readonly ApiKeyRecord[], found: readonly ApiKeyRecord[]): Revocation {
  const [key, ...others] = found;
  if (key === undefined) return { status: 'unknown_key' };
  if (others.length > 0) return { status: 'ambiguous' };
  // Its client is in the live lane, and does not depend on a test key.
  const isNeeded = all.length === 1 && !isTestKey(key.prefix);
  return isNeeded ? { status: 'last_key' } : { status: 'revoked', prefix: key.prefix };
}
