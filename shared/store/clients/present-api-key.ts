import type { ShownApiKey } from '../../contract/api-key.ts';
import type { ApiKeyDescription } from './describe-client.ts';

/** An API key as JSON: times in RFC 3339. */
export function presentApiKey(key: ApiKeyDescription): ShownApiKey {
  const { prefix, createdAt, scopes, expiresAt, addresses, lastUsedAt, madeWith } = key;
  return {
    prefix,
    createdAt: instant(createdAt),
    madeWith,
    scopes: [...scopes],
    expiresAt: expiresAt === null ? null : instant(expiresAt),
    addresses: [...addresses],
    lastUsedAt: lastUsedAt === null ? null : instant(lastUsedAt),
  };
}

const instant = (ms: number): string => new Date(ms).toISOString();
