import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isApiKey } from '../shared/sealing/api-key.ts';
import type { ClientIdentity } from '../shared/store/clients/client.ts';
import { ProblemError } from './problem.ts';

/** Two lookups per request would double its round trips; a disabled client or a revoked key works this much longer. */
const REMEMBERED_MS = 2_000;
const MAX_REMEMBERED = 10_000;

const BEARER = /^Bearer +(\S+)$/i;

export type Authenticator = (request: FastifyRequest) => Promise<ClientIdentity>;

/**
 * Finds the client of a request by its API key, `Authorization: Bearer vq_…` (RFC 6750).
 *
 * Only clients that were found are remembered, under the key's hash: wrong keys must not fill the memory, nor push out
 * the right ones. The returned function throws the 401.
 */
export function createAuthenticator({
  findClient,
  now,
}: {
  readonly findClient: (apiKey: string) => Promise<ClientIdentity | null>;
  readonly now: () => number;
}): Authenticator {
  const remembered = new Map<string, { readonly client: ClientIdentity; readonly until: number }>();
  const lookups = new Map<string, Promise<ClientIdentity | null>>();

  const find = async (apiKey: string): Promise<ClientIdentity | null> => {
    const hash = createHash('sha256').update(apiKey).digest('base64');
    const known = remembered.get(hash);
    if (known && known.until > now()) return known.client;
    const lookup = lookups.get(hash) ?? findClient(apiKey).finally(() => lookups.delete(hash));
    lookups.set(hash, lookup);
    const client = await lookup;
    remembered.delete(hash);
    if (client) {
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      remembered.set(hash, { client, until: now() + REMEMBERED_MS });
    }
    return client;
  };

  return async (request) => {
    const header = request.headers.authorization;
    if (header === undefined) throw unauthorized('');
    const [, apiKey = ''] = BEARER.exec(header) ?? [];
    const client = isApiKey(apiKey) ? await find(apiKey) : null;
    if (client === null) throw unauthorized(', error="invalid_token"');
    return client;
  };
}

function unauthorized(reason: string): ProblemError {
  return new ProblemError('unauthorized', {
    headers: { 'www-authenticate': `Bearer realm="veriqueue"${reason}` },
  });
}
