import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { deriveFromKey } from './hkdf.ts';
import { findKey, type KeyRing } from './key-ring.ts';
import type { PublicKey, RingKey } from './ring-key.ts';

/**
 * Keyed digests: fingerprints of things that must not be stored, or be guessable from what is stored. A plain hash
 * will not do, since there are few enough ID numbers to try them all. HMAC-SHA256, under a key derived from a key of
 * the ring for one purpose alone (HKDF, RFC 5869).
 *
 * A digest is text, `<key id>.<43 characters of Base64url>`, and outlives a rotation like this:
 * - To write one down, use the newest key: `computeDigest`.
 * - To compare with one written down, the key it names is used: `compareDigest`.
 * - To look one up (it is part of a Redis key or a field), ask for every candidate, newest first:
 *   `listDigestCandidates`. What is found under any of them counts; what is new goes under the first. For a counter,
 *   add the candidates up. Do so within one script: the candidates of one value are one thing.
 *
 * Who digests needs a secret, and a public key is none: a producer that has no more than that holds a digest key beside
 * it. A digest key is for Idempotency-Keys alone; persons are digested by what workers have, so that stolen keys of
 * a producer cannot be used to try ID numbers against the counters in Redis.
 *
 * Old digests thus stay findable as long as their key stays in the ring. It may leave as soon as the longest-lived of
 * them has expired. Rejected: always using the oldest key, which keeps lookups single but makes every live digest
 * unfindable at the moment that key is removed; and a key of its own outside the ring, which could never be rotated.
 */
export type DigestPurpose =
  /** The Idempotency-Key header as part of a Redis key. */
  | 'idempotency-key'
  /** A submission's content, to distinguish a repetition from another one under the same Idempotency-Key. */
  | 'idempotency-body'
  /** A person, by ID number, to count the calls of one day. */
  | 'person';

/** One component of what is digested. Null (absent) and the empty string are different. */
export type DigestPart = string | Buffer | null;

export type DigestComparison = 'same' | 'different' | 'unknown_key';

type DigestingKey = Exclude<RingKey, PublicKey>;

/** How many secrets the ring has for the purpose: as many as there are candidates for a digest. */
export function countDigestingKeys(keyRing: KeyRing, purpose: DigestPurpose): number {
  return listDigestingKeys(keyRing, purpose).length;
}

/** @throws RangeError when the ring has no secret for the purpose */
export function computeDigest(
  keyRing: KeyRing,
  purpose: DigestPurpose,
  parts: readonly DigestPart[],
): string {
  return listDigestCandidates(keyRing, purpose, parts)[0];
}

/**
 * As many as the ring has secrets for the purpose, newest first; the first is what `computeDigest` gives.
 *
 * @throws RangeError when it has none
 */
export function listDigestCandidates(
  keyRing: KeyRing,
  purpose: DigestPurpose,
  parts: readonly DigestPart[],
): readonly [string, ...string[]] {
  const [newest, ...older] = listDigestingKeys(keyRing, purpose);
  if (newest === undefined) {
    throw new RangeError(`VERIQUEUE_KEYS has no key for ${purpose}`);
  }
  return [digestWith(newest, purpose, parts), ...older.map((key) => digestWith(key, purpose, parts))];
}

function listDigestingKeys(keyRing: KeyRing, purpose: DigestPurpose): readonly DigestingKey[] {
  return keyRing.keys.flatMap((key) => (isFor(key, purpose) ? [key] : []));
}

function isFor(key: RingKey, purpose: DigestPurpose): key is DigestingKey {
  return key.kind !== 'public' && (key.kind !== 'digest' || purpose !== 'person');
}

/** In constant time for a given digest. `unknown_key`: the key that made it has left the ring. */
export function compareDigest(
  keyRing: KeyRing,
  purpose: DigestPurpose,
  parts: readonly DigestPart[],
  digest: string,
): DigestComparison {
  const key = findKey(keyRing, digest.slice(0, Math.max(0, digest.lastIndexOf('.'))));
  if (key === undefined || !isFor(key, purpose)) return 'unknown_key';
  const expected = Buffer.from(digestWith(key, purpose, parts));
  const received = Buffer.from(digest);
  return expected.length === received.length && timingSafeEqual(expected, received) ? 'same' : 'different';
}

function digestWith(key: DigestingKey, purpose: DigestPurpose, parts: readonly DigestPart[]): string {
  const hmac = createHmac('sha256', digestKey(key, purpose));
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    // Each part is preceded by its length, so that no two lists of parts run together into the same bytes.
    hmac.update(bytes === null ? '-|' : `${bytes.length}|`);
    if (bytes !== null) hmac.update(bytes);
  }
  return `${key.id}.${hmac.digest('base64url')}`;
}

/** One key for each purpose, kept as long as the ring's key itself. */
const digestKeys = new WeakMap<KeyObject, Map<DigestPurpose, KeyObject>>();

function digestKey(key: DigestingKey, purpose: DigestPurpose): KeyObject {
  const known = digestKeys.get(key.secret) ?? new Map<DigestPurpose, KeyObject>();
  digestKeys.set(key.secret, known);
  const found = known.get(purpose);
  if (found !== undefined) return found;
  const derived = deriveFromKey(key.secret, `veriqueue/digest/1|${purpose}`);
  const made = createSecretKey(derived);
  derived.fill(0);
  known.set(purpose, made);
  return made;
}
