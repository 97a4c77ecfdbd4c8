import { hkdfSync } from 'node:crypto';
import { openBytes, type SealContext, sealBytes } from './aead.ts';
import { findKey, getNewestKey, type KeyRing, type SealingKey } from './key-ring.ts';

/**
 * Short secrets under a key of the ring: a verification's data key, a client's webhook secret.
 *
 *     offset  length  what
 *     0       1       version, 1
 *     1       1       length k of the key id
 *     2       k       key id, ASCII
 *     2 + k   …       the secret, sealed (see aead.ts); the associated data names owner, purpose and key id
 *
 * The ring's key itself encrypts nothing. A wrapping key is derived from it for each owner and purpose (HKDF,
 * RFC 5869), so that two random nonces can only ever meet within one owner: no count of verifications forces a
 * rotation, where one key with random nonces would after 2^32 (NIST SP 800-38D, section 8.3).
 */
export interface WrapContext {
  readonly owner: string;
  readonly purpose: 'data-key' | 'webhook-secret';
}

export type UnreadableReason = 'unknown_key' | 'tampered' | 'malformed';

export type Unwrapping =
  | { readonly status: 'opened'; readonly keyId: string; readonly bytes: Buffer }
  | { readonly status: 'unreadable'; readonly reason: UnreadableReason };

const VERSION = 1;

/** Wraps with the newest key. */
export function wrapSecret(keyRing: KeyRing, context: WrapContext, bytes: Buffer): Buffer {
  const key = getNewestKey(keyRing);
  const keyId = Buffer.from(key.id, 'ascii');
  const sealed = withWrappingKey(key, context, (wrappingKey) =>
    sealBytes(wrappingKey, describeContext(context, key.id), bytes),
  );
  return Buffer.concat([Buffer.of(VERSION, keyId.length), keyId, sealed]);
}

/** Unwraps with whichever key of the ring wrapped it. The caller owns the bytes and zeroes them when done. */
export function unwrapSecret(keyRing: KeyRing, context: WrapContext, wrapped: Buffer): Unwrapping {
  const parts = splitWrapped(wrapped);
  if (parts === null) return { status: 'unreadable', reason: 'malformed' };
  const key = findKey(keyRing, parts.keyId);
  if (key === undefined) return { status: 'unreadable', reason: 'unknown_key' };
  const opening = withWrappingKey(key, context, (wrappingKey) =>
    openBytes(wrappingKey, describeContext(context, key.id), parts.sealed),
  );
  return opening.status === 'opened' ? { ...opening, keyId: key.id } : opening;
}

function splitWrapped(wrapped: Buffer): { readonly keyId: string; readonly sealed: Buffer } | null {
  const keyIdLength = wrapped[1];
  if (wrapped[0] !== VERSION || keyIdLength === undefined || wrapped.length < 2 + keyIdLength) return null;
  const sealedStart = 2 + keyIdLength;
  return { keyId: wrapped.toString('latin1', 2, sealedStart), sealed: wrapped.subarray(sealedStart) };
}

function describeContext(context: WrapContext, keyId: string): SealContext {
  return { owner: context.owner, label: `${context.purpose}/${keyId}` };
}

function withWrappingKey<T>(key: SealingKey, context: WrapContext, use: (wrappingKey: Buffer) => T): T {
  const info = `veriqueue/wrap/1|${context.owner}|${context.purpose}`;
  const wrappingKey = Buffer.from(hkdfSync('sha256', key.secret, '', info, 32));
  try {
    return use(wrappingKey);
  } finally {
    wrappingKey.fill(0);
  }
}
