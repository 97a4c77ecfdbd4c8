import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';

/**
 * X25519 (RFC 7748) on raw 32-byte keys, as they stand in `VERIQUEUE_KEYS`. Public keys go into and out of Node.js as JWK
 * (RFC 8037): 7 and 1 µs, where DER takes 74 and 68. A private key is read from DER, in which the same bytes precede every
 * key (RFC 8410), because a JWK would demand its public half.
 */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
export const X25519_BYTES = 32;

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The raw public key. */
  readonly publicBytes: Buffer;
}

export function generateKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey, publicKey, publicBytes: rawPublicKey(publicKey) };
}

/** @param bytes 32, any: every string of that length is a private key */
export function readPrivateKey(bytes: Buffer): KeyPair {
  const der = Buffer.concat([PKCS8_PREFIX, bytes]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, publicBytes: rawPublicKey(publicKey) };
}

/**
 * Null for bytes that nothing may be sealed to: an encoding that no key pair has (of a number of 2^255 - 19 or more), and
 * the few points of low order, with which everybody arrives at the same secret.
 *
 * @param bytes 32
 */
export function readPublicKey(bytes: Buffer): KeyObject | null {
  const publicKey = importPublicKey(bytes);
  if (!isCanonical(bytes)) return null;
  try {
    agree(generateKeyPair().privateKey, publicKey).fill(0);
    return publicKey;
  } catch {
    // OpenSSL refuses a secret of zeros, as RFC 7748 (section 6.1) advises.
    return null;
  }
}

/** Without any check; of a point of low order, `agree` throws. */
export function importPublicKey(bytes: Buffer): KeyObject {
  const key = { kty: 'OKP', crv: 'X25519', x: bytes.toString('base64url') };
  return createPublicKey({ key, format: 'jwk' });
}

/** The secret that both sides arrive at. The caller zeroes it. @throws when it would be zeros */
export function agree(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  return diffieHellman({ privateKey, publicKey });
}

function rawPublicKey(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** Little-endian, below 2^255 - 19. */
function isCanonical(bytes: Buffer): boolean {
  const [lowest = 0] = bytes;
  const highest = bytes[X25519_BYTES - 1] ?? 0;
  if (highest !== 0x7f) return highest < 0x7f;
  return lowest < 0xed || bytes.subarray(1, X25519_BYTES - 1).some((byte) => byte !== 0xff);
}
