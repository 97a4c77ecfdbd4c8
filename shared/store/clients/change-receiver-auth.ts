import { getNewestKey } from '../../sealing/key-ring.ts';
import { unwrapSecret, wrapSecret } from '../../sealing/key-wrap.ts';
import { parseEndpoints } from '../push/push-endpoint.ts';
import type { ClientStore } from './client.ts';
import { type AuthPart, authContext, parseReceiverAuths, type StoredReceiverAuth } from './receiver-auth.ts';
import { type ReplacedField, replaceField } from './replace-field.ts';

/** What of it is replaced; null takes a part away. */
export interface AuthParts {
  /** By names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | null;
  /** The value of the header: `Basic …`. */
  readonly basic?: string | null;
  readonly certificate?: {
    readonly certificate: string;
    readonly key: string;
    readonly fingerprint: string;
    readonly expiresAt: number;
  } | null;
}

/**
 * Changes how one receiver knows the sender.
 *
 * @param origin of the receiver; what was given for another one is dropped
 * @param isThere only as long as it is among the client's endpoints: nothing sealed is left of one that is removed meanwhile
 * @param parts null takes everything away
 * @returns `missing` when there is no such client, or no such endpoint any more
 */
export async function changeReceiverAuth(
  { redis, keys, keyRing }: ClientStore,
  {
    clientId,
    receiver,
    origin,
    isThere = false,
  }: {
    readonly clientId: string;
    readonly receiver: string;
    readonly origin: string;
    readonly isThere?: boolean;
  },
  parts: AuthParts | null,
): Promise<'changed' | 'missing'> {
  const seal = (part: AuthPart, value: object | string) =>
    wrapSecret(keyRing, authContext(clientId, receiver, part), Buffer.from(JSON.stringify(value))).toString(
      'base64',
    );
  const given: { [Name in AuthPart]?: StoredReceiverAuth[Name] } = {};
  if (parts?.headers)
    given.headers = { names: Object.keys(parts.headers), sealed: seal('headers', parts.headers) };
  if (parts?.basic) given.basic = { sealed: seal('basic', parts.basic) };
  if (parts?.certificate) {
    const { certificate, key, fingerprint, expiresAt } = parts.certificate;
    given.certificate = { fingerprint, expiresAt, sealed: seal('certificate', { certificate, key }) };
  }
  const place: ReplacedField = {
    clientId,
    field: 'receiverAuth',
    ...(isThere ? { beside: 'endpoints' } : {}),
  };
  let isGone = false;
  const result = await replaceField(redis, keys, place, (present, endpoints) => {
    isGone = isThere && !parseEndpoints(endpoints).some(({ id }) => id === receiver);
    if (isGone) return null;
    const { [receiver]: before, ...others } = parseReceiverAuths(present);
    const kept = before?.origin === origin && parts !== null ? before : { origin };
    const next: StoredReceiverAuth = { ...kept, ...given };
    for (const part of ['headers', 'basic', 'certificate'] as const) {
      if (parts?.[part] === null) delete next[part];
    }
    const isEmpty = next.headers === undefined && next.basic === undefined && next.certificate === undefined;
    if (isEmpty && before === undefined) return null;
    return { value: JSON.stringify(isEmpty ? others : { ...others, [receiver]: next }) };
  });
  return isGone || result === 'missing' ? 'missing' : 'changed';
}

/**
 * Wraps what a client's receivers ask for again, with the newest key of the ring.
 *
 * @returns how many parts the ring does not open
 */
export async function rewrapReceiverAuths(
  { redis, keys, keyRing }: ClientStore,
  clientId: string,
): Promise<number> {
  const newest = getNewestKey(keyRing).id;
  let unreadable = 0;
  await replaceField(redis, keys, { clientId, field: 'receiverAuth' }, (present) => {
    unreadable = 0;
    let rewrapped = 0;
    const rewrap = (receiver: string, part: AuthPart, sealed: string): string => {
      const context = authContext(clientId, receiver, part);
      const opening = unwrapSecret(keyRing, context, Buffer.from(sealed, 'base64'));
      if (opening.status !== 'opened') {
        unreadable += 1;
        return sealed;
      }
      try {
        if (opening.keyId === newest) return sealed;
        rewrapped += 1;
        return wrapSecret(keyRing, context, opening.bytes).toString('base64');
      } finally {
        opening.bytes.fill(0);
      }
    };
    const next = Object.entries(parseReceiverAuths(present)).map(([receiver, auth]) => {
      const { headers, basic, certificate } = auth;
      return [
        receiver,
        {
          ...auth,
          ...(headers && { headers: { ...headers, sealed: rewrap(receiver, 'headers', headers.sealed) } }),
          ...(basic && { basic: { sealed: rewrap(receiver, 'basic', basic.sealed) } }),
          ...(certificate && {
            certificate: { ...certificate, sealed: rewrap(receiver, 'certificate', certificate.sealed) },
          }),
        },
      ];
    });
    return rewrapped === 0 ? null : { value: JSON.stringify(Object.fromEntries(next)) };
  });
  return unreadable;
}
