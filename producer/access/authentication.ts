import { hash as digest } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isApiKey, isTestKey } from '../../shared/sealing/api-key.ts';
import type { Authenticated } from '../../shared/store/clients/authenticate.ts';
import { ProblemError } from '../problem.ts';

/** Two lookups per request would double its round trips; a disabled client or a revoked key works this much longer. */
const REMEMBERED_MS = 2_000;
const MAX_REMEMBERED = 10_000;

const BEARER = /^Bearer +(\S+)$/i;

export type Authenticator = (request: FastifyRequest) => Promise<Authenticated>;

/**
 * Finds the client of a request by its API key, `Authorization: Bearer vq_…` (RFC 6750).
 *
 * Only clients that were found are remembered, under the key's hash: wrong keys must not fill the memory, nor push out
 * the right ones. The returned function throws the 401.
 */
export function createAuthenticator({
  findClient,
  takesTestKeys = false,
  now,
}: {
  readonly findClient: (apiKey: string) => Promise<Authenticated | null>;
  /** @default false */
  readonly takesTestKeys?: boolean;
  readonly now: () => number;
}): Authenticator {
  const remembered = new Map<string, { readonly found: Authenticated; readonly until: number }>();
  const lookups = new Map<string, Promise<Authenticated | null>>();

  const find = async (apiKey: string): Promise<Authenticated | null> => {
    const hash = digest('sha256', apiKey, 'base64');
    const known = remembered.get(hash);
    if (known && known.until > now()) return known.found;
    const lookup = lookups.get(hash) ?? findClient(apiKey).finally(() => lookups.delete(hash));
    lookups.set(hash, lookup);
    const found = await lookup;
    remembered.delete(hash);
    if (found) {
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      remembered.set(hash, { found, until: now() + REMEMBERED_MS });
    }
    return found;
  };

  return async (request) => {
    const header = request.headers.authorization;
    if (header === undefined) throw refused('unauthorized', '');
    const [, apiKey = ''] = BEARER.exec(header) ?? [];
    if (!takesTestKeys && isTestKey(apiKey) && isApiKey(apiKey)) throw refused('test_keys_off', INVALID);
    const found = isApiKey(apiKey) ? await find(apiKey) : null;
    if (found === null) throw refused('unauthorized', INVALID);
    return found;
  };
}

const INVALID = ', error="invalid_token"';

function refused(code: 'unauthorized' | 'test_keys_off', reason: string): ProblemError {
  return new ProblemError(code, { headers: { 'www-authenticate': `Bearer realm="veriqueue"${reason}` } });
}
