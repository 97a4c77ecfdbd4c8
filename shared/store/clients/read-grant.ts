import type { NewApiKeyRequest } from '../../contract/api-key.ts';
import { API_KEY_SCOPES, DEFAULT_SCOPES } from '../../contract/api-key-scope.ts';
import type { FieldError } from '../../contract/problem.ts';
import { isAddressRange } from '../../validation/address-list.ts';
import type { ApiKeyGrant } from './api-key-record.ts';

export type GrantReading =
  | { readonly ok: true; readonly grant: ApiKeyGrant }
  /** Every field that is wrong, by its pointer into the request. */
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/**
 * What a new key may do, from what was asked for.
 *
 * @param now ms epoch
 */
export function readGrant(
  { scopes = [...DEFAULT_SCOPES], expiresAt = null, addresses = [] }: NewApiKeyRequest,
  now: number,
): GrantReading {
  const until = expiresAt === null ? null : Date.parse(expiresAt);
  const errors: FieldError[] = addresses.flatMap((text, i) =>
    isAddressRange(text) ? [] : [{ pointer: `/addresses/${i}`, ...NO_ADDRESS }],
  );
  if (until !== null && until <= now) errors.push({ pointer: '/expiresAt', ...PAST });
  if (until !== null && until > LATEST) errors.push({ pointer: '/expiresAt', ...TOO_LATE });
  if (errors.length > 0) return { ok: false, errors };
  const granted = API_KEY_SCOPES.filter((scope) => scopes.includes(scope));
  return { ok: true, grant: { scopes: granted, expiresAt: until, addresses } };
}

const NO_ADDRESS = {
  code: 'invalid_address',
  detail: 'must be an IP address or a CIDR range, such as 203.0.113.7 or 2001:db8::/48',
};
/** The last moment that RFC 3339 can write: an offset may lead beyond it. */
const LATEST = Date.UTC(9_999, 11, 31, 23, 59, 59, 999);
const TOO_LATE = { code: 'too_late', detail: 'must be in the year 9999 at the latest, in UTC' };
const PAST = { code: 'in_the_past', detail: 'must be in the future' };
