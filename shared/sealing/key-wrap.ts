import type { KeyObject } from 'node:crypto';
import { type Opening, openBytes, type SealContext, sealBytes } from './aead.ts';
import { deriveFromKey, deriveKey } from './hkdf.ts';
import { canOpen, findKey, getNewestKey, type KeyRing } from './key-ring.ts';
import type { PrivateKey, SealingKey, SymmetricKey } from './ring-key.ts';
import { agree, generateKeyPair, importPublicKey, X25519_BYTES } from './x25519.ts';

/**
 * Short secrets under a key of the ring: a verification's data key, a client's webhook secret.
 *
 *     offset  length  what
 *     0       1       version: 1 under a symmetric key, 2 under a public key
 *     1       1       length k of the key id
 *     2       k       key id, ASCII
 *     2 + k   32      version 2 only: the ephemeral public key
 *     …       …       the secret, sealed (see aead.ts); the associated data names owner, purpose and key id
 *
 * The ring's key itself encrypts nothing. A wrapping key is derived for each owner and purpose (HKDF-SHA256, RFC 5869),
 * so that two random nonces can only ever meet within one owner: no count of verifications forces a rotation, where one
 * key with random nonces would after 2^32 (NIST SP 800-38D, section 8.3).
 *
 * Version 2 is ephemeral-static X25519, as HPKE's base mode does it (RFC 9180): a key pair made for this one secret
 * agrees with the ring's public key, and the wrapping key is derived from what they agree on and from both public keys.
 * The process that sealed cannot open: the ephemeral private key is dropped. HPKE itself was rejected: Node.js has none, and a
 * library for 60 bytes is one more thing to trust.
 */
export interface WrapContext {
  readonly owner: string;
  readonly purpose: 'data-key' | 'webhook-secret' | 'receiver-auth';
}

/** `public_key_only`: the ring has no more than the public half of the key that wrapped. */
export type UnreadableReason = 'unknown_key' | 'public_key_only' | 'tampered' | 'malformed';

export type Unwrapping =
  | { readonly status: 'opened'; readonly keyId: string; readonly bytes: Buffer }
  | { readonly status: 'unreadable'; readonly reason: UnreadableReason };

const SYMMETRIC = 1;
const TO_PUBLIC_KEY = 2;

/** Wraps with the newest key that seals. */
export function wrapSecret(keyRing: KeyRing, context: WrapContext, bytes: Buffer): Buffer {
  const key = getNewestKey(keyRing);
  return key.kind === 'symmetric' ? wrapSymmetric(key, context, bytes) : wrapToPublic(key, context, bytes);
}

/** Unwraps with whichever key of the ring wrapped it. The caller owns the bytes and zeroes them when done. */
export function unwrapSecret(keyRing: KeyRing, context: WrapContext, wrapped: Buffer): Unwrapping {
  const parts = splitWrapped(wrapped);
  if (parts === null) return { status: 'unreadable', reason: 'malformed' };
  const key = findKey(keyRing, parts.keyId);
  if (key === undefined) return { status: 'unreadable', reason: 'unknown_key' };
  if (!canOpen(key)) return { status: 'unreadable', reason: 'public_key_only' };
  const isItsVersion = parts.version === (key.kind === 'symmetric' ? SYMMETRIC : TO_PUBLIC_KEY);
  if (!isItsVersion) return { status: 'unreadable', reason: 'malformed' };
  const opening =
    key.kind === 'symmetric'
      ? openSymmetric(key, context, parts.rest)
      : openWithPrivate(key, context, parts.rest);
  return opening.status === 'opened' ? { ...opening, keyId: key.id } : opening;
}

function wrapSymmetric(key: SymmetricKey, context: WrapContext, bytes: Buffer): Buffer {
  const sealed = withKey(deriveFromKey(key.secret, symmetricInfo(context)), (wrappingKey) =>
    sealBytes(wrappingKey, describeContext(context, key.id), bytes),
  );
  return joinWrapped(SYMMETRIC, key.id, sealed);
}

function openSymmetric(key: SymmetricKey, context: WrapContext, sealed: Buffer): Opening {
  return withKey(deriveFromKey(key.secret, symmetricInfo(context)), (wrappingKey) =>
    openBytes(wrappingKey, describeContext(context, key.id), sealed),
  );
}

function wrapToPublic(key: Exclude<SealingKey, SymmetricKey>, context: WrapContext, bytes: Buffer): Buffer {
  const ephemeral = generateKeyPair();
  const info = pairInfo(context, ephemeral.publicBytes, key.publicBytes);
  const sealed = withKey(agreeAndDerive(ephemeral.privateKey, key.publicKey, info), (wrappingKey) =>
    sealBytes(wrappingKey, describeContext(context, key.id), bytes),
  );
  return joinWrapped(TO_PUBLIC_KEY, key.id, Buffer.concat([ephemeral.publicBytes, sealed]));
}

function openWithPrivate(key: PrivateKey, context: WrapContext, rest: Buffer): Opening {
  const ephemeralBytes = rest.subarray(0, X25519_BYTES);
  if (ephemeralBytes.length < X25519_BYTES) return { status: 'unreadable', reason: 'malformed' };
  const wrappingKey = agreeWithEphemeral(key, context, ephemeralBytes);
  if (wrappingKey === null) return { status: 'unreadable', reason: 'tampered' };
  return withKey(wrappingKey, () =>
    openBytes(wrappingKey, describeContext(context, key.id), rest.subarray(X25519_BYTES)),
  );
}

/** Null for a point of low order, which no sealing has left there. */
function agreeWithEphemeral(key: PrivateKey, context: WrapContext, ephemeral: Buffer): Buffer | null {
  const info = pairInfo(context, ephemeral, key.publicBytes);
  try {
    return agreeAndDerive(key.privateKey, importPublicKey(ephemeral), info);
  } catch {
    return null;
  }
}

interface WrappedParts {
  readonly version: number;
  readonly keyId: string;
  readonly rest: Buffer;
}

function joinWrapped(version: number, id: string, rest: Buffer): Buffer {
  const keyId = Buffer.from(id, 'ascii');
  return Buffer.concat([Buffer.of(version, keyId.length), keyId, rest]);
}

function splitWrapped(wrapped: Buffer): WrappedParts | null {
  const [version, keyIdLength] = wrapped;
  if (version !== SYMMETRIC && version !== TO_PUBLIC_KEY) return null;
  if (keyIdLength === undefined || wrapped.length < 2 + keyIdLength) return null;
  const start = 2 + keyIdLength;
  return { version, keyId: wrapped.toString('latin1', 2, start), rest: wrapped.subarray(start) };
}

function describeContext(context: WrapContext, keyId: string): SealContext {
  return { owner: context.owner, label: `${context.purpose}/${keyId}` };
}

function symmetricInfo({ owner, purpose }: WrapContext): string {
  return `veriqueue/wrap/1|${owner}|${purpose}`;
}

/** Both public keys are of a fixed length, so no two contexts run together into the same bytes. */
function pairInfo({ owner, purpose }: WrapContext, ephemeral: Buffer, recipient: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from('veriqueue/wrap/2|'),
    ephemeral,
    recipient,
    Buffer.from(`|${owner}|${purpose}`),
  ]);
}

function agreeAndDerive(privateKey: KeyObject, publicKey: KeyObject, info: Buffer): Buffer {
  const agreed = agree(privateKey, publicKey);
  try {
    return deriveKey(agreed, info);
  } finally {
    agreed.fill(0);
  }
}

function withKey<T>(wrappingKey: Buffer, use: (wrappingKey: Buffer) => T): T {
  try {
    return use(wrappingKey);
  } finally {
    wrappingKey.fill(0);
  }
}
