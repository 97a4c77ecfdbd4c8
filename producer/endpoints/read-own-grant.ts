import type { NewApiKey } from '../../shared/contract/api-key.ts';
import type { FieldError } from '../../shared/contract/problem.ts';
import type { ApiKeyGrant } from '../../shared/store/clients/api-key-record.ts';
import { type GrantReading, readGrant } from '../../shared/store/clients/read-grant.ts';
import { isWithinRanges } from '../../shared/validation/address-list.ts';

/**
 * What a key may do that is made by another one: what is not given is as with that one, and nothing goes beyond it. Otherwise a
 * key that leaked once could make one without its limits.
 *
 * @param own of the key that asks
 * @param now ms epoch
 */
export function readOwnGrant(wanted: NewApiKey, own: ApiKeyGrant, now: number): GrantReading {
  const reading = readGrant(
    {
      scopes: wanted.scopes ?? [...own.scopes],
      expiresAt: wanted.expiresAt ?? (own.expiresAt === null ? null : new Date(own.expiresAt).toISOString()),
      addresses: wanted.addresses ?? [...own.addresses],
    },
    now,
  );
  if (!reading.ok) return reading;
  const errors = findExcess(reading.grant, wanted, own);
  return errors.length > 0 ? { ok: false, errors } : reading;
}

function findExcess(
  { scopes, expiresAt, addresses }: ApiKeyGrant,
  wanted: NewApiKey,
  own: ApiKeyGrant,
): readonly FieldError[] {
  const wider = addresses.findIndex(
    (each) => own.addresses.length > 0 && !isWithinRanges(each, own.addresses),
  );
  const isAnywhere = addresses.length === 0 && own.addresses.length > 0;
  // `null` asks for a key without an end, and is answered as such.
  const isLonger =
    own.expiresAt !== null && (wanted.expiresAt === null || (expiresAt ?? Infinity) > own.expiresAt);
  return [
    ...(scopes.some((each) => !own.scopes.includes(each)) ? [beyond('/scopes', 'scopes')] : []),
    ...(isLonger ? [beyond('/expiresAt', 'time')] : []),
    ...(isAnywhere ? [beyond('/addresses', 'addresses')] : []),
    ...(wider >= 0 ? [beyond(`/addresses/${wider}`, 'addresses')] : []),
  ];
}

const beyond = (pointer: string, what: string): FieldError => ({
  pointer,
  code: 'beyond_own_key',
  detail: `must not go beyond the ${what} of the key that asks`,
});
