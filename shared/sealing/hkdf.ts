import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

const HASH = 'sha256';
const HASH_BYTES = 32;
/** RFC 5869, section 2.2: a salt that is not given is a string of zeros as long as the hash. */
const NO_SALT = Buffer.alloc(HASH_BYTES);
/** RFC 5869, section 2.3: the number of the first block, and a key of 32 bytes has no other. */
const FIRST_BLOCK = Buffer.of(1);

/**
 * Derives a key from a secret that is used once (HKDF-SHA256, RFC 5869, without salt).
 *
 * @param info what the key is for: another text, another key
 * @returns 32 bytes. The caller owns them and zeroes them when done.
 */
export function deriveKey(secret: Buffer | string, info: string | Buffer): Buffer {
  return Buffer.from(hkdfSync(HASH, secret, '', info, HASH_BYTES));
}

/** Kept as long as the key itself, and as hidden. */
const extracted = new WeakMap<KeyObject, KeyObject>();

/**
 * Derives a key from a key of the ring, with the same result as {@link deriveKey}. The first half of HKDF is the same for
 * each derivation from one key, and costs ten times the second: it is done once.
 *
 * @param info what the key is for: another text, another key
 * @returns 32 bytes. The caller owns them and zeroes them when done.
 * @example
 * const wrappingKey = deriveFromKey(key.secret, 'veriqueue/wrap/1|ver_…|data-key');
 */
export function deriveFromKey(secret: KeyObject, info: string | Buffer): Buffer {
  return createHmac(HASH, extract(secret)).update(info).update(FIRST_BLOCK).digest();
}

function extract(secret: KeyObject): KeyObject {
  const known = extracted.get(secret);
  if (known !== undefined) return known;
  const bytes = secret.export();
  const pseudorandom = createHmac(HASH, NO_SALT).update(bytes).digest();
  const made = createSecretKey(pseudorandom);
  bytes.fill(0);
  pseudorandom.fill(0);
  extracted.set(secret, made);
  return made;
}
