import { decodeBase64, decodeBase64Url } from './base64.ts';

/**
 * What verifies webhooks: the secret (`whsec_…`), a public key (`whpk_…`), several of them while one replaces another, or
 * the key set that `Veriqueue.keySet()` gives.
 */
export type WebhookVerificationKeys = string | readonly string[] | JsonWebKeys;

/** A `KeySet`, or any other: keys that are not Ed25519 are passed by. */
interface JsonWebKeys {
  readonly keys: readonly object[];
}

/** `v1` is verified by secrets alone and `v1a` by public keys alone, so that no public key is ever taken for a secret. */
export interface VerificationKey {
  readonly version: 'v1' | 'v1a';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const PUBLIC_BYTES = 32;

/**
 * All are read before any is tried, so that a wrong one shows at once and not in the next rotation. Keys of a set that are
 * not Ed25519 are for something else.
 *
 * @throws {TypeError} when one is not a key, or there is none; no key is in its message
 */
export function readVerificationKeys(given: WebhookVerificationKeys): readonly VerificationKey[] {
  if (isKeySet(given)) {
    const found = given.keys.flatMap((key) => readWebKey(key));
    if (found.length === 0) {
      throw new TypeError('verifyWebhook needs at least one key of type OKP and curve Ed25519');
    }
    return found;
  }
  const keys = typeof given === 'string' ? [given] : given;
  if (keys.length === 0) throw new TypeError('verifyWebhook needs at least one secret');
  return keys.map(readKey);
}

const isKeySet = (given: WebhookVerificationKeys): given is JsonWebKeys =>
  typeof given === 'object' && !Array.isArray(given);

function readKey(text: string): VerificationKey {
  if (text.startsWith('whpk_')) {
    const bytes = decodeBase64(text.slice('whpk_'.length));
    if (bytes?.byteLength === PUBLIC_BYTES) return { version: 'v1a', bytes };
    throw new TypeError('A public key of webhooks must be whpk_ and the Base64 of 32 bytes');
  }
  const bytes = decodeBase64(text.replace(/^whsec_/, ''));
  if (bytes !== null && bytes.byteLength > 0) return { version: 'v1', bytes };
  throw new TypeError('A webhook secret must be whsec_ and Base64');
}

function readWebKey(key: object): VerificationKey[] {
  const { kty, crv, x } = key as { readonly [name: string]: unknown };
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string') return [];
  const bytes = decodeBase64Url(x);
  if (bytes?.byteLength === PUBLIC_BYTES) return [{ version: 'v1a', bytes }];
  throw new TypeError('A key of the set must have the Base64url of 32 bytes as x');
}
