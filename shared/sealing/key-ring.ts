import { parseKeyEntry } from './key-entry.ts';
import type { OpeningKey, RingKey, SealingKey } from './ring-key.ts';

/**
 * The sealing keys of a deployment, `VERIQUEUE_KEYS` = entries separated by commas, newest first.
 *
 *     x…:x25519:<base64>          private key     workers     seals, opens, digests
 *     x…:x25519-public:<base64>   its public half producers   seals
 *     d…:digest:<base64>          digest key      producers   recognizes a repeated Idempotency-Key
 *     k…:<base64>                 symmetric key   both        all of it; the only kind in earlier versions
 *
 * Everything new is sealed with the first key that can; every key that can opens. A rotation therefore takes three
 * restarts, each complete on all processes before the next: (1) append the new key at the end of the workers' ring, so
 * that they can open with it; (2) move it to the front everywhere and run `keys rotate`; (3) after the longest lifetime
 * of a digest (see digest.ts) and of a waiting verification has passed, remove the old key. Skipping (1) makes workers
 * that restarted late report `unknown_key` for what the producers sealed.
 */
export interface KeyRing {
  readonly keys: readonly [RingKey, ...RingKey[]];
  /** The newest of `keys` that seals. */
  readonly newest: SealingKey;
}

export type KeyRingParsing =
  | { readonly ok: true; readonly keyRing: KeyRing }
  /** One sentence per bad entry; key material is never in it. */
  | { readonly ok: false; readonly errors: readonly string[] };

/** Supplies `size` unpredictable bytes: `randomBytes` of node:crypto. */
export type RandomBytes = (size: number) => Buffer;

/** Spaces around an entry are ignored; everything else is taken literally. */
export function parseKeyRing(text: string): KeyRingParsing {
  const entries = text.split(',').map((entry, i) => parseKeyEntry(entry.trim(), i + 1));
  const keys = entries.flatMap((entry) => (typeof entry === 'string' ? [] : [entry]));
  const errors = [
    ...entries.filter((entry) => typeof entry === 'string'),
    ...listDuplicateIds(keys).map((id) => `two entries have the id ${id}: each must have its own`),
  ];
  const [first, ...others] = keys;
  const newest = keys.find((key) => key.kind !== 'digest');
  if (errors.length > 0 || first === undefined) return { ok: false, errors };
  if (newest === undefined) {
    return { ok: false, errors: ['must have an entry that seals: digest keys alone cannot'] };
  }
  return { ok: true, keyRing: { keys: [first, ...others], newest } };
}

export function getNewestKey(keyRing: KeyRing): SealingKey {
  return keyRing.newest;
}

export function findKey(keyRing: KeyRing, id: string): RingKey | undefined {
  return keyRing.keys.find((key) => key.id === id);
}

export const canOpen = (key: RingKey): key is OpeningKey =>
  key.kind === 'symmetric' || key.kind === 'private';

/** Whether anything can be opened with the ring: a worker's must, a producer's need not. */
export function opensAnything(keyRing: KeyRing): boolean {
  return keyRing.keys.some(canOpen);
}

function listDuplicateIds(keys: readonly RingKey[]): readonly string[] {
  const ids = keys.map((key) => key.id);
  return [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))];
}
