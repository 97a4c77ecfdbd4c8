import { createHash, type KeyObject } from 'node:crypto';
import { ED25519_BYTES, importVerifyingKey, rawPublicKey, readSigningSeed } from './ed25519.ts';

/**
 * The signing keys of a deployment, `SIGNING_KEYS` = entries separated by commas, newest first.
 *
 *     s…:<base64>          seed           signs if it is the first of its kind, and is published
 *     s…:public:<base64>   public half    is published, so that what was signed before the key was retired can be verified
 *
 * They sign what others verify: erasure receipts, the head of the audit trail and its entries, events. None of them
 * seals anything, and losing one costs no data.
 */
export interface SigningKeys {
  /** In the order of the setting. */
  readonly keys: readonly PublishedKey[];
  /** The newest that can sign; null without any. */
  readonly newest: SigningKey | null;
}

export interface PublishedKey {
  readonly id: string;
  readonly publicKey: KeyObject;
}

export interface SigningKey extends PublishedKey {
  readonly privateKey: KeyObject;
}

export type SigningKeysParsing =
  | { readonly ok: true; readonly signingKeys: SigningKeys }
  /** One sentence per bad entry, as the end of a sentence about the setting; key material is never in it. */
  | { readonly ok: false; readonly errors: readonly string[] };

/** As in `VERIQUEUE_KEYS`: short enough that a key pasted into the place of an id is not taken for one and echoed. */
const KEY_ID = /^[A-Za-z0-9_-]{1,20}$/;

export function parseSigningKeys(text: string): SigningKeysParsing {
  const entries = text.split(',').map((entry, i) => parseEntry(entry.trim(), i + 1));
  const keys = entries.filter((entry) => typeof entry !== 'string');
  const ids = keys.map(({ id }) => id);
  const errors = [
    ...entries.filter((entry) => typeof entry === 'string'),
    ...[...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))].map(
      (id) => `two entries have the id ${id}: each must have its own`,
    ),
  ];
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, signingKeys: { keys, newest: keys.find(canSign) ?? null } };
}

/** All that can sign, newest first: what several sign at a time can be verified while one replaces another. */
export function privateKeysOf(signingKeys: SigningKeys | undefined): readonly KeyObject[] {
  return (signingKeys?.keys ?? []).filter(canSign).map(({ privateKey }) => privateKey);
}

function canSign(key: PublishedKey | SigningKey): key is SigningKey {
  return 'privateKey' in key;
}

function parseEntry(entry: string, position: number): PublishedKey | SigningKey | string {
  const [id = '', ...rest] = entry.split(':');
  const [kind, encoded] = rest.length === 1 ? ['seed', rest[0] ?? ''] : [rest[0], rest[1] ?? ''];
  if (rest.length === 0 || rest.length > 2) {
    return `entry ${position} must be id:base64 or id:public:base64`;
  }
  if (!KEY_ID.test(id)) {
    return `entry ${position} must begin with an id of 1 to 20 letters, digits, hyphens or underscores`;
  }
  if (kind !== 'seed' && kind !== 'public') {
    return `entry ${position} (${id}) must have the kind public, or none`;
  }
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded || bytes.length !== ED25519_BYTES) {
    return `entry ${position} (${id}) must have ${ED25519_BYTES} bytes in standard Base64 with padding`;
  }
  if (kind === 'public') return { id, publicKey: importVerifyingKey(bytes) };
  const privateKey = readSigningSeed(bytes);
  bytes.fill(0);
  return { id, privateKey, publicKey: importVerifyingKey(rawPublicKey(privateKey)) };
}

/** A new key. The id follows from its public half; only `secret` is a secret. */
export function generateSigningKey(random: (size: number) => Buffer): {
  readonly secret: string;
  readonly published: string;
} {
  const seed = random(ED25519_BYTES);
  const publicBytes = rawPublicKey(readSigningSeed(seed));
  const digest = createHash('sha256').update('veriqueue/signing-key-id/1|').update(publicBytes).digest('hex');
  const id = `s${digest.slice(0, 16)}`;
  const secret = `${id}:${seed.toString('base64')}`;
  seed.fill(0);
  return { secret, published: `${id}:public:${publicBytes.toString('base64')}` };
}
