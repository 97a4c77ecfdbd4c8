import { createHash, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from './key-ring.ts';

/**
 * A client's API key: `vq_`, 64 hex digits (256 random bits), 8 hex digits of checksum. A test key begins with `vq_test_`
 * instead, so that a person, a secret scanner and a proxy see at a glance which one they have before them.
 *
 * The checksum lets the door refuse a mistyped or cut key without asking Redis, and lets secret scanners recognize
 * a real key. Hex rather than Base62 because case and look-alike characters cannot go wrong in it.
 */
const API_KEY = /^vq_(test_)?([0-9a-f]{64})([0-9a-f]{8})$/;

const LIVE = 'vq_';
const TEST = 'vq_test_';

/** Hex digits of a key that stay visible: enough to distinguish keys, of no use to guess one. */
const VISIBLE_DIGITS = 6;

/** @returns a new key; it is shown once, only its hash is kept */
export function generateApiKey(random: RandomBytes): string {
  const secret = random(32).toString('hex');
  return `${LIVE}${secret}${computeChecksum(secret, LIVE)}`;
}

/** The same for a test key. */
export function generateTestKey(random: RandomBytes): string {
  const secret = random(32).toString('hex');
  return `${TEST}${secret}${computeChecksum(secret, TEST)}`;
}

/** Whether a text can be an API key at all, live or test. Says nothing about whose it is; needs no secret. */
export function isApiKey(text: string): boolean {
  const [, test, secret, checksum] = API_KEY.exec(text) ?? [];
  return secret !== undefined && checksum === computeChecksum(secret, test === undefined ? LIVE : TEST);
}

/** By its beginning alone. */
export function isTestKey(text: string): boolean {
  return text.startsWith(TEST);
}

/** The beginning of a key that stays visible. */
export function visiblePrefix(apiKey: string): string {
  return apiKey.slice(0, (isTestKey(apiKey) ? TEST : LIVE).length + VISIBLE_DIGITS);
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

/** The beginning is part of it, so that a live key does not become a test key by an edit of its beginning. */
function computeChecksum(secret: string, beginning: string): string {
  const label = beginning === TEST ? 'veriqueue/test-api-key' : 'veriqueue/api-key';
  return createHash('sha256').update(`${label}|${secret}`).digest('hex').slice(0, 8);
}
