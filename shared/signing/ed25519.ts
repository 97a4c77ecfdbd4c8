import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/**
 * Ed25519 (RFC 8032) on raw 32-byte keys. A private key is read from DER, in which the same bytes precede every seed
 * (RFC 8410), because a JWK would demand its public half.
 */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
export const ED25519_BYTES = 32;

/** @param seed 32 bytes, any */
export function readSigningSeed(seed: Buffer): KeyObject {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return privateKey;
}

/** The raw public half. @param key either half */
export function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** @param bytes 32: no string of that length is refused here, but under some nothing verifies */
export function importVerifyingKey(bytes: Buffer): KeyObject {
  const key = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  return createPublicKey({ key, format: 'jwk' });
}

/** @returns 64 bytes, the same for the same key and bytes */
export function signBytes(privateKey: KeyObject, bytes: Buffer): Buffer {
  return sign(null, bytes, privateKey);
}

export function isSignedBy(publicKey: KeyObject, bytes: Buffer, signature: Buffer): boolean {
  return verify(null, bytes, publicKey, signature);
}
