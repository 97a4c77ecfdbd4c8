import { createCipheriv, createDecipheriv } from 'node:crypto';
import { drawNonce, NONCE_BYTES } from './draw-nonce.ts';

/**
 * AES-256-GCM (NIST SP 800-38D) over one byte string.
 *
 *     offset  length  what
 *     0       1       version, 1
 *     1       12      nonce, random for every call
 *     13      n       ciphertext, as long as the plaintext
 *     13 + n  16      tag
 *
 * The version byte is part of the associated data as well, so that a later version cannot be talked down.
 */
const VERSION = 1;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES;

/** What sealing adds to the length of the plaintext. */
export const SEAL_OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

/**
 * What a sealed byte string belongs to; it opens only there. The three parts are joined by `|`, which neither a
 * verification id nor a label contains.
 */
export interface SealContext {
  /** The verification's id, or that of any other owner of the bytes. */
  readonly owner: string;
  /** What the bytes are: a constant of the calling module. */
  readonly label: string;
}

export type Opening =
  | { readonly status: 'opened'; readonly bytes: Buffer }
  | { readonly status: 'unreadable'; readonly reason: 'tampered' | 'malformed' };

/** The nonce is drawn here and cannot be passed in: under one key a repeated nonce gives the key stream away. */
export function sealBytes(key: Buffer, context: SealContext, plaintext: Buffer): Buffer {
  const nonce = drawNonce();
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(encodeContext(context));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([Buffer.of(VERSION), nonce, ciphertext, cipher.getAuthTag()]);
}

export function openBytes(key: Buffer, context: SealContext, sealed: Buffer): Opening {
  if (sealed.length < SEAL_OVERHEAD_BYTES || sealed[0] !== VERSION) {
    return { status: 'unreadable', reason: 'malformed' };
  }
  const tagStart = sealed.length - TAG_BYTES;
  // Without an explicit tag length, OpenSSL would accept a tag cut down to 4 bytes.
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, HEADER_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(encodeContext(context));
  decipher.setAuthTag(sealed.subarray(tagStart));
  const bytes = decipher.update(sealed.subarray(HEADER_BYTES, tagStart));
  try {
    decipher.final();
    return { status: 'opened', bytes };
  } catch {
    bytes.fill(0);
    return { status: 'unreadable', reason: 'tampered' };
  }
}

function encodeContext({ owner, label }: SealContext): Buffer {
  return Buffer.from(`${VERSION}|${owner}|${label}`, 'utf8');
}
