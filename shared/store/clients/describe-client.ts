import type { Redis } from 'ioredis';
import { z } from 'zod';
import { namesOfFields } from '../../contract/field-names.ts';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';
import { scanHash } from '../redis/scan-hash.ts';
import { type ApiKeyRecord, listApiKeys } from './api-key-record.ts';
import { readKeyUses } from './api-key-use.ts';
import { type ClientIdentity, identifyClient, storedClient } from './client.ts';

/** An API key as it is shown. `prefix` is what distinguishes the keys, and names one to revoke. */
export interface ApiKeyDescription extends Omit<ApiKeyRecord, 'hash'> {
  /** ms epoch, a minute late at most; null: not since uses are noted */
  readonly lastUsedAt: number | null;
}

/** A client as an operator sees it: no key, no secret. */
export interface ClientDescription extends ClientIdentity {
  /** ms epoch; null for one whose record does not say */
  readonly createdAt: number | null;
  /** Newest first. */
  readonly apiKeys: readonly ApiKeyDescription[];
  /** The secrets that sign, newest first. `retiresAt`: ms epoch, null for the current one. */
  readonly webhookSecrets: readonly { readonly retiresAt: number | null }[];
}

export type ClientDescribing =
  | { readonly status: 'found'; readonly client: ClientDescription }
  | { readonly status: 'missing' }
  | { readonly status: 'unreadable'; readonly fields: readonly string[] };

const describedClient = storedClient.extend({ createdAt: z.coerce.number().optional() });

/** @param now ms epoch; decides which rotated secrets still sign */
export async function describeClient(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  now: number,
): Promise<ClientDescribing> {
  const hash = await readOr(redis.hgetall(keys.client(clientId)), null);
  if (hash === null) return { status: 'unreadable', fields: [] };
  if (Object.keys(hash).length === 0) return { status: 'missing' };
  const parsed = describedClient.safeParse(hash);
  if (!parsed.success) {
    return { status: 'unreadable', fields: namesOfFields(parsed.error) };
  }
  const stored = parsed.data;
  return {
    status: 'found',
    client: {
      ...identifyClient(stored),
      createdAt: stored.createdAt ?? null,
      apiKeys: await describeKeys(redis, keys, listApiKeys(stored)),
      webhookSecrets: stored.webhookSecrets
        .filter(({ retiresAt }) => retiresAt === null || retiresAt > now)
        .map(({ retiresAt }) => ({ retiresAt })),
    },
  };
}

async function describeKeys(
  redis: Redis,
  keys: StoreKeys,
  records: readonly ApiKeyRecord[],
): Promise<readonly ApiKeyDescription[]> {
  const hashes = records.map(({ hash }) => hash);
  const uses = await readOr(readKeyUses(redis, keys, hashes), []);
  return records.map(({ hash: _, ...shown }, i) => ({ ...shown, lastUsedAt: uses[i] ?? null }));
}

/** A client's test keys, which rest in the test lane: see `test-client.ts`. @param testKeys null: there is no such lane */
export async function describeTestKeys(
  redis: Redis,
  testKeys: StoreKeys | null,
  clientId: string,
): Promise<readonly ApiKeyDescription[]> {
  if (testKeys === null) return [];
  const twin = storedClient.safeParse(await readOr(redis.hgetall(testKeys.client(clientId)), {}));
  return twin.success ? describeKeys(redis, testKeys, listApiKeys(twin.data)) : [];
}

/**
 * Every client's id, oldest first. The keys' index knows all live ones: a client never loses its last key, it is disabled
 * instead. A twin may lose its last test key, so twins have an index of their own.
 */
export async function listClientIds(redis: Redis, keys: StoreKeys): Promise<string[]> {
  const ids = new Set<string>(await redis.smembers(keys.testTwins()));
  for await (const page of scanHash(redis, keys.apiKeys())) for (const [, id] of page) ids.add(id);
  return [...ids].sort();
}
