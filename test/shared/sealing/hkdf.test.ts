import { createSecretKey, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveFromKey, deriveKey } from '../../../shared/sealing/hkdf.ts';

const secrets = fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => Buffer.from(bytes));
const infos = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);

describe('a derived key', () => {
  test('is the one that HKDF-SHA256 without salt gives, by both ways', () => {
    fc.assert(
      fc.property(secrets, infos, (secret, info) => {
        const expected = Buffer.from(hkdfSync('sha256', secret, '', info, 32));
        const key = createSecretKey(secret);
        expect(deriveFromKey(key, info)).toEqual(expected);
        // The second one from the same key takes what the first one has kept.
        expect(deriveFromKey(key, info)).toEqual(expected);
        expect(deriveKey(secret, info)).toEqual(expected);
      }),
    );
  });

  test('leaves the key of the ring usable', () => {
    const secret = Buffer.alloc(32, 7);
    const key = createSecretKey(secret);
    deriveFromKey(key, 'first').fill(0);
    expect(key.export()).toEqual(secret);
    expect(deriveFromKey(key, 'first')).toEqual(Buffer.from(hkdfSync('sha256', secret, '', 'first', 32)));
  });
});
