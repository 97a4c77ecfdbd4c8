import { createHash } from 'node:crypto';
import type { RandomBytes } from './key-ring.ts';

/**
 * The key of a named operator: `vqo_`, 64 hex digits (256 random bits), 8 hex digits of checksum.
 *
 * As with API keys, the checksum lets a cut or mistyped key be refused without asking Redis, and lets secret scanners
 * recognize a real key. The key of the environment (`OPERATOR_KEY`) is any text of 24 characters or more, and is not one
 * of these.
 */
const OPERATOR_KEY = /^vqo_([0-9a-f]{64})([0-9a-f]{8})$/;

/** @returns a new key; it is shown once, only its hash is kept */
export function generateOperatorKey(random: RandomBytes): string {
  const secret = random(32).toString('hex');
  return `vqo_${secret}${computeChecksum(secret)}`;
}

/** Whether a text can be the key of a named operator at all. */
export function isOperatorKey(text: string): boolean {
  const [, secret, checksum] = OPERATOR_KEY.exec(text) ?? [];
  return secret !== undefined && checksum === computeChecksum(secret);
}

/** The form in which the key rests: SHA-256, 64 hex digits, which is enough for 256 random bits. */
export function hashOperatorKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

function computeChecksum(secret: string): string {
  return createHash('sha256').update(`veriqueue/operator-key|${secret}`).digest('hex').slice(0, 8);
}
