import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { KeySet } from '../contract/key-set.ts';
import { ED25519_BYTES, importVerifyingKey, rawPublicKey } from './ed25519.ts';
import type { SigningKeys } from './signing-keys.ts';

/** The public halves of all keys, newest first: what is signed with any of them can be verified. */
export function presentKeySet({ keys }: SigningKeys): KeySet {
  return {
    keys: keys.map(({ id, publicKey }) => ({
      kty: 'OKP',
      crv: 'Ed25519',
      x: rawPublicKey(publicKey).toString('base64url'),
      kid: id,
      alg: 'EdDSA',
      use: 'sig',
    })),
  };
}

/** By id. */
export type VerifyingKeys = ReadonlyMap<string, KeyObject>;

export function verifyingKeysOf({ keys }: SigningKeys): VerifyingKeys {
  return new Map(keys.map(({ id, publicKey }) => [id, publicKey]));
}

// A set may hold keys of other kinds, and of other uses: they are passed by.
const anyKeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });
const usableJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  kid: z.string(),
  x: z.string().transform((text, context) => {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length === ED25519_BYTES) return bytes;
    context.addIssue({ code: 'custom', message: 'must be a key of 32 bytes' });
    return z.NEVER;
  }),
});

/** The Ed25519 keys of a set; null for a text that is none, or holds none. */
export function parseKeySet(value: unknown): VerifyingKeys | null {
  const set = anyKeySet.safeParse(value);
  if (!set.success) return null;
  const keys = set.data.keys.flatMap((key) => {
    const read = usableJwk.safeParse(key);
    return read.success ? [[read.data.kid, importVerifyingKey(read.data.x)] as const] : [];
  });
  return keys.length === 0 ? null : new Map(keys);
}
