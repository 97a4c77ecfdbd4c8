import type { ApiKeyScope } from '../../shared/contract/api-key-scope.ts';
import type { ApiKeyRecord } from '../../shared/store/clients/api-key-record.ts';
import { isInRanges } from '../../shared/validation/address-list.ts';
import { ProblemError } from '../problem.ts';

export interface KeyUse {
  /** What the request needs; null: any key will do. */
  readonly scope: ApiKeyScope | null;
  /** Where the request comes from, by the word of trusted proxies. */
  readonly address: string;
  /** ms epoch */
  readonly now: number;
}

/**
 * Lets a request pass that its key allows: now, from there, and for this.
 *
 * @throws {ProblemError} 401 `key_expired`, 403 `address_not_allowed`, 403 `scope_missing`, each saying what is wrong
 */
export function admitKey(key: ApiKeyRecord, { scope, address, now }: KeyUse): void {
  const { prefix, scopes, expiresAt, addresses } = key;
  if (expiresAt !== null && now >= expiresAt) {
    const until = new Date(expiresAt).toISOString();
    throw new ProblemError('key_expired', {
      headers: { 'www-authenticate': 'Bearer realm="veriqueue", error="invalid_token"' },
      members: { detail: `The key ${prefix}… was valid until ${until}.` },
    });
  }
  if (addresses.length > 0 && !isInRanges(address, addresses)) {
    throw new ProblemError('address_not_allowed', {
      members: {
        detail: `The request comes from ${address}, which is not on the list of the key ${prefix}….`,
      },
    });
  }
  if (scope !== null && !scopes.includes(scope)) {
    throw new ProblemError('scope_missing', {
      headers: {
        'www-authenticate': `Bearer realm="veriqueue", error="insufficient_scope", scope="${scope}"`,
      },
      members: { detail: `The key ${prefix}… has ${scopes.join(', ')}; this request needs ${scope}.` },
    });
  }
}
