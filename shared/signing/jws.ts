import { z } from 'zod';
import { jsonText } from '../contract/json-text.ts';
import { isSignedBy, signBytes } from './ed25519.ts';
import type { VerifyingKeys } from './jwks.ts';
import type { SigningKey } from './signing-keys.ts';

const header = jsonText(z.object({ alg: z.literal('EdDSA'), kid: z.string(), typ: z.string() }));

/**
 * A JWS in compact form (RFC 7515) with EdDSA (RFC 8037): `header.payload.signature`, each in Base64url.
 *
 * @param type what the payload states: one signature cannot pass for a statement of another type
 * @param payload what JSON can hold
 */
export function signJws(key: SigningKey, type: string, payload: unknown): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'EdDSA', kid: key.id, typ: type })}.${encode(payload)}`;
  return `${signed}.${signBytes(key.privateKey, Buffer.from(signed)).toString('base64url')}`;
}

export type JwsReading =
  | { readonly status: 'verified'; readonly keyId: string; readonly payload: string }
  /** It is no JWS of this kind, or states something of another type. */
  | { readonly status: 'malformed' }
  | { readonly status: 'unknown_key'; readonly keyId: string }
  | { readonly status: 'wrong_signature'; readonly keyId: string };

/** Reads what {@link signJws} made; the algorithm is never taken from the text. */
export function readJws(keys: VerifyingKeys, type: string, text: string): JwsReading {
  const [head, body, signature, ...others] = text.split('.');
  if (head === undefined || body === undefined || signature === undefined || others.length > 0) {
    return { status: 'malformed' };
  }
  const parsed = header.safeParse(Buffer.from(head, 'base64url').toString());
  if (!parsed.success || parsed.data.typ !== type) return { status: 'malformed' };
  const keyId = parsed.data.kid;
  const key = keys.get(keyId);
  if (key === undefined) return { status: 'unknown_key', keyId };
  const isSigned = isSignedBy(key, Buffer.from(`${head}.${body}`), Buffer.from(signature, 'base64url'));
  if (!isSigned) return { status: 'wrong_signature', keyId };
  return { status: 'verified', keyId, payload: Buffer.from(body, 'base64url').toString() };
}
