import { createHash, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from './key-ring.ts';

/**
 * A client's API key: `vq_`, 64 hex digits (256 random bits), 8 hex digits of checksum.
 *
 * The checksum lets the door refuse a mistyped or cut key without asking Redis, and lets secret scanners recognize
 * a real key. Hex rather than Base62 because case and look-alike characters cannot go wrong in it.
 */
const API_KEY = /^vq_([0-9a-f]{64})([0-9a-f]{8})$/;

/** @returns a new key; it is shown once, only its hash is kept */
export function generateApiKey(random: RandomBytes): string {
  const secret = random(32).toString('hex');
  return `vq_${secret}${computeChecksum(secret)}`;
}

/** Whether a text can be an API key at all. Says nothing about whose it is; needs no secret. */
export function isApiKey(text: string): boolean {
  const [, secret, checksum] = API_KEY.exec(text) ?? [];
  return secret !== undefined && checksum === computeChecksum(secret);
}

/**
 * The form in which an API key rests: SHA-256, 64 hex digits. A slow password hash would buy nothing against 256
 * random bits, and cost every request.
 */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

/** In constant time. */
export function matchesApiKeyHash(key: string, hash: string): boolean {
  const expected = Buffer.from(hash, 'latin1');
  const received = Buffer.from(hashApiKey(key), 'latin1');
  return expected.length === received.length && timingSafeEqual(expected, received);
}

function computeChecksum(secret: string): string {
  return createHash('sha256').update(`veriqueue/api-key|${secret}`).digest('hex').slice(0, 8);
}
