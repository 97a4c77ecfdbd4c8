import { createSecretKey, type KeyObject } from 'node:crypto';

/**
 * The sealing keys of a deployment, `VERIQUEUE_KEYS` = `id:base64,id:base64`, newest first.
 *
 * Everything new is sealed with the first key; every key opens. A rotation therefore takes three restarts, each
 * complete on all processes before the next: (1) append the new key at the end, so that everybody can open with it;
 * (2) move it to the front and run `keys rotate`; (3) after the longest lifetime of a digest (see digest.ts) and of
 * a waiting verification has passed, remove the old key. Skipping (1) makes processes that restarted late report
 * `unknown_key` for what the early ones sealed.
 */
export interface KeyRing {
  readonly keys: readonly [SealingKey, ...SealingKey[]];
}

export interface SealingKey {
  readonly id: string;
  /** A KeyObject, because it neither prints nor serializes its bytes when it strays into a log. */
  readonly secret: KeyObject;
}

export type KeyRingParsing =
  | { readonly ok: true; readonly keyRing: KeyRing }
  /** One sentence per bad entry; key material is never in it. */
  | { readonly ok: false; readonly errors: readonly string[] };

/** Supplies `size` unpredictable bytes: `randomBytes` of node:crypto. */
export type RandomBytes = (size: number) => Buffer;

const KEY_BYTES = 32;

/**
 * Ids have at most 20 characters, so that a key pasted into the place of an id is never taken for one and echoed:
 * 128 bits need 22 characters of Base64. Neither separator of associated data nor of this format is among them.
 */
const KEY_ID = /^[A-Za-z0-9_-]{1,20}$/;

/** Spaces around an entry are ignored; everything else is taken literally. */
export function parseKeyRing(text: string): KeyRingParsing {
  const entries = text.split(',').map((entry, i) => parseEntry(entry.trim(), i + 1));
  const keys = entries.flatMap((entry) => (typeof entry === 'string' ? [] : [entry]));
  const errors = [
    ...entries.filter((entry) => typeof entry === 'string'),
    ...listDuplicateIds(keys).map((id) => `Cannot use key ${id}: its id must be unique, received it twice`),
  ];
  const [newest, ...older] = keys;
  if (errors.length > 0 || newest === undefined) return { ok: false, errors };
  return { ok: true, keyRing: { keys: [newest, ...older] } };
}

export function getNewestKey(keyRing: KeyRing): SealingKey {
  return keyRing.keys[0];
}

export function findKey(keyRing: KeyRing, id: string): SealingKey | undefined {
  return keyRing.keys.find((key) => key.id === id);
}

/** @returns one entry for `VERIQUEUE_KEYS`, `k` and eight hex digits as its id; it is a secret */
export function generateKey(random: RandomBytes): string {
  return `k${random(4).toString('hex')}:${random(KEY_BYTES).toString('base64')}`;
}

function parseEntry(entry: string, position: number): SealingKey | string {
  const colon = entry.indexOf(':');
  if (entry === '') return `Cannot use key entry ${position}: it must be id:base64, received an empty entry`;
  if (colon === -1) return `Cannot use key entry ${position}: it must be id:base64, received no colon`;

  const id = entry.slice(0, colon);
  if (!KEY_ID.test(id)) {
    return `Cannot use key entry ${position}: its id must be 1 to 20 letters, digits, hyphens or underscores`;
  }
  const encoded = entry.slice(colon + 1);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) {
    return `Cannot use key entry ${position} (${id}): it must be standard Base64 with padding`;
  }
  if (bytes.length !== KEY_BYTES) {
    return `Cannot use key entry ${position} (${id}): it must have 32 bytes, received ${bytes.length}`;
  }
  const secret = createSecretKey(bytes);
  bytes.fill(0);
  return { id, secret };
}

function listDuplicateIds(keys: readonly SealingKey[]): readonly string[] {
  const ids = keys.map((key) => key.id);
  return [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))];
}
