import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { generateApiKey, isTestKey } from '../../sealing/api-key.ts';
import type { StoreKeys } from '../keys.ts';
import {
  type ApiKeyField,
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
  /** Prefix of the client's key that asks for it. @default null: an operator does */
  readonly madeWith?: string | null;
  /** @default generateApiKey */
  readonly generate?: typeof generateApiKey;
}

/**
 * Gives a client one more API key; the older ones stay valid until they are revoked, so that no request fails while
 * the application moves to the new one.
 *
 * @returns the key, shown once; null when there is no such client
 */
export async function addApiKey(target: Target, options: KeyOptions): Promise<string | null> {
  const added = await addApiKeyWithin(target, options, Number.POSITIVE_INFINITY);
  return added.status === 'added' ? added.apiKey : null;
}

export type KeyAddition =
  | { readonly status: 'added'; readonly apiKey: string; readonly record: ApiKeyRecord }
  /** As many as are allowed are there. */
  | { readonly status: 'too_many' | 'missing' };

/** The same, if the client has fewer than `most` of them. */
export async function addApiKeyWithin(
  { redis, keys, clientId }: Target,
  { now, grant = DEFAULT_GRANT, madeWith = null, generate = generateApiKey }: KeyOptions,
  most: number,
): Promise<KeyAddition> {
  const apiKey = generate(randomBytes);
  const record = recordApiKey(apiKey, grant, { now, madeWith });
  const field = fieldOf(grant);
  const beside = otherField(field);
  // Both lists in the same step: of two keys at once, one for each list, only one may find the last place.
  const result = await replaceField(redis, keys, { clientId, field, beside }, (present, elsewhere) => {
    // A reply that was lost has it computed again, over a list that has the key already.
    const others = parseApiKeys(field, present).filter(({ hash }) => hash !== record.hash);
    if (others.length + parseApiKeys(beside, elsewhere).length >= most) return null;
    return { value: formatApiKeys(field, [record, ...others]), addedHash: record.hash };
  });
  if (result === 'missing') return { status: 'missing' };
  return result === 'replaced' ? { status: 'added', apiKey, record } : { status: 'too_many' };
}

const otherField = (field: ApiKeyField): ApiKeyField => (field === 'apiKeys' ? 'scopedKeys' : 'apiKeys');

export type Revocation =
  | { readonly status: 'revoked'; readonly prefix: string }
  | { readonly status: 'missing' }
  /** No key, or several, begin so. */
  | { readonly status: 'unknown_key' | 'ambiguous' }
  /** A client without a key would look like one that never existed. */
  | { readonly status: 'last_key' }
  /** No other key that is valid could make or revoke keys. */
  | { readonly status: 'last_manage_key' };

export interface RevocationOptions {
  /** Keeps the last key with the scope `manage` that is valid at this time (ms epoch). @default null: none is kept */
  readonly keepManagingAt?: number | null;
}

/**
 * @param prefix the visible beginning of the key, or enough of it to distinguish it from the others
 * @throws what ioredis throws
 */
export async function revokeApiKey(
  { redis, keys, clientId }: Target,
  prefix: string,
  { keepManagingAt = null }: RevocationOptions = {},
): Promise<Revocation> {
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
    const beside = otherField(field);
    let isLastManaging = false;
    const result = await replaceField(redis, keys, { clientId, field, beside }, (present, elsewhere) => {
      // In the same step: of the last two, each could revoke the other.
      isLastManaging = keepManagingAt !== null && isLastToManage(field, present, revoked, keepManagingAt);
      const now = [...parseApiKeys(field, present), ...parseApiKeys(beside, elsewhere)];
      const isDecided = decideRevocation(now, [revoked]).status === 'revoked';
      return isLastManaging || !isDecided ? null : withoutKey(field, present, revoked);
    });
    if (isLastManaging) return { status: 'last_manage_key' };
    if (result !== 'unchanged') return result === 'missing' ? { status: 'missing' } : decided;
    // Another operator has revoked it in this very moment: what is left decides.
  }
}

/** Keys with the scope are all in one field: it is not among the default ones. */
function isLastToManage(field: ApiKeyField, present: string, revoked: ApiKeyRecord, now: number): boolean {
  const managing = parseApiKeys(field, present).filter(
    ({ scopes, expiresAt }) => scopes.includes('manage') && (expiresAt === null || expiresAt > now),
  );
  return managing.length === 1 && managing[0]?.hash === revoked.hash;
}

function withoutKey(field: ApiKeyField, present: string, { hash }: ApiKeyRecord) {
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
