import { z } from 'zod';
import { API_KEY_SCOPES, type ApiKeyScope, DEFAULT_SCOPES } from '../../contract/api-key-scope.ts';
import { jsonText } from '../../contract/json-text.ts';
import { hashApiKey, visiblePrefix } from '../../sealing/api-key.ts';

/** What an API key may do, from where and until when. */
export interface ApiKeyGrant {
  readonly scopes: readonly ApiKeyScope[];
  /** ms epoch from which it is refused; null: never */
  readonly expiresAt: number | null;
  /** Addresses and CIDR ranges that requests may come from; empty: any. */
  readonly addresses: readonly string[];
}

/** One API key as its client lists it. */
export interface ApiKeyRecord extends ApiKeyGrant {
  /** What the key rests as. */
  readonly hash: string;
  readonly prefix: string;
  /** ms epoch */
  readonly createdAt: number;
  /** Prefix of its client's key that made it; null: an operator did. */
  readonly madeWith: string | null;
}

/** Of a key about which nothing was said. */
export const DEFAULT_GRANT: ApiKeyGrant = { scopes: DEFAULT_SCOPES, expiresAt: null, addresses: [] };

const keyHead = {
  hash: z.string(),
  prefix: z.string(),
  createdAt: z.number(),
  madeWith: z.string().nullable().default(null),
};
const plainKey = z.object(keyHead).transform((key): ApiKeyRecord => ({ ...key, ...DEFAULT_GRANT }));
const scopedKey = z.object({
  ...keyHead,
  // A scope that only a later version knows gives nothing here.
  scopes: z.array(z.string()).transform((scopes) => API_KEY_SCOPES.filter((each) => scopes.includes(each))),
  expiresAt: z.number().nullable(),
  addresses: z.array(z.string()),
});

/**
 * Keys rest in two fields of their client. `apiKeys` holds those with the rights of {@link DEFAULT_GRANT}; all others are in
 * `scopedKeys`, which versions from before there were scopes do not know: to them such a key is wrong, where one in `apiKeys`
 * would have every right, and lose its limits as soon as they write the list again.
 */
export type ApiKeyField = 'apiKeys' | 'scopedKeys';

export const storedApiKeys = jsonText(z.array(plainKey));
export const scopedKeysText = jsonText(z.array(scopedKey));

/** One field by itself, for those who change it. @param text empty where the client has no such field. @throws ZodError */
export function parseApiKeys(field: ApiKeyField, text: string): readonly ApiKeyRecord[] {
  if (text === '') return [];
  return field === 'apiKeys' ? storedApiKeys.parse(text) : scopedKeysText.parse(text);
}

export function formatApiKeys(field: ApiKeyField, records: readonly ApiKeyRecord[]): string {
  if (field === 'scopedKeys') return JSON.stringify(records);
  return JSON.stringify(
    records.map(({ hash, prefix, createdAt, madeWith }) => ({ hash, prefix, createdAt, madeWith })),
  );
}

/** Where a key with these rights rests. */
export function fieldOf({ scopes, expiresAt, addresses }: ApiKeyGrant): ApiKeyField {
  const isDefault =
    expiresAt === null &&
    addresses.length === 0 &&
    scopes.length === DEFAULT_SCOPES.length &&
    DEFAULT_SCOPES.every((scope) => scopes.includes(scope));
  return isDefault ? 'apiKeys' : 'scopedKeys';
}

/** @param now ms epoch */
export function recordApiKey(
  apiKey: string,
  grant: ApiKeyGrant,
  { now, madeWith }: { readonly now: number; readonly madeWith: string | null },
): ApiKeyRecord {
  const { scopes, expiresAt, addresses } = grant;
  const prefix = visiblePrefix(apiKey);
  return { hash: hashApiKey(apiKey), prefix, createdAt: now, scopes, expiresAt, addresses, madeWith };
}

/** All keys of a client, newest first. */
export function listApiKeys(client: {
  readonly apiKeys: readonly ApiKeyRecord[];
  readonly scopedKeys: readonly ApiKeyRecord[];
}): readonly ApiKeyRecord[] {
  return [...client.apiKeys, ...client.scopedKeys].toSorted((a, b) => b.createdAt - a.createdAt);
}
