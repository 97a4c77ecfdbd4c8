import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateKeys } from '../../../shared/sealing/generate-keys.ts';
import { openSubject, rewrap, type SealedSubject, sealSubject } from '../../../shared/sealing/seal.ts';
import type { Subject } from '../../../shared/sealing/subject.ts';
import { measureSealing } from './measure-sealing.ts';
import { makeKeyEntry, makeKeyRing } from './synthetic-ring.ts';

const oldEntry = makeKeyEntry('2026-02');
const newEntry = makeKeyEntry('2026-03');
const oldRing = makeKeyRing(oldEntry);
const ring = makeKeyRing(newEntry, oldEntry);
const newRing = makeKeyRing(newEntry);
const strangeRing = makeKeyRing(makeKeyEntry('other'));

const subject: Subject = { idCard: '999999199001010000', name: '测试\u00B7样本', photo: randomBytes(1000) };
const id = 'ver_one';

const BLOBS = ['wrappedKey', 'fields', 'photo'] as const satisfies readonly (keyof SealedSubject)[];

function withFlippedBit(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return flipped;
}

describe('a sealed subject', () => {
  test('opens to what was sealed', () => {
    expect(openSubject(ring, id, sealSubject(ring, id, subject))).toEqual({ status: 'opened', subject });
  });

  test('opens to any subject that was sealed, empty parts included', () => {
    const subjects = fc.record({
      idCard: fc.string({ maxLength: 18 }),
      name: fc.string({ unit: 'grapheme', maxLength: 64 }),
      photo: fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    });
    fc.assert(
      fc.property(subjects, (any) => {
        expect(openSubject(ring, id, sealSubject(ring, id, any))).toEqual({ status: 'opened', subject: any });
      }),
    );
  });

  test('holds nothing of the subject in clear', () => {
    const sealed = Buffer.concat(Object.values(sealSubject(ring, id, subject)));
    for (const part of [subject.idCard, subject.name, subject.photo.subarray(0, 8)]) {
      expect(sealed.includes(part)).toBe(false);
    }
  });

  test('is larger than the subject by a few bytes only', () => {
    const sealed = sealSubject(ring, id, subject);
    expect(sealed.photo.length).toBe(subject.photo.length + 29);
    expect(sealed.wrappedKey.length).toBe(2 + '2026-03'.length + 32 + 29);
  });

  test('leaves the photo it was given unchanged', () => {
    const photo = Buffer.from(subject.photo);
    sealSubject(ring, id, { ...subject, photo });
    expect(photo.equals(subject.photo)).toBe(true);
  });

  test('never uses a nonce twice', () => {
    const nonces = Array.from({ length: 500 }, () =>
      sealSubject(ring, id, { ...subject, photo: Buffer.alloc(1) }),
    )
      .flatMap((sealed) => [
        sealed.wrappedKey.subarray(2 + '2026-03'.length + 1, 2 + '2026-03'.length + 13),
        sealed.fields.subarray(1, 13),
        sealed.photo.subarray(1, 13),
      ])
      .map((nonce) => nonce.toString('hex'));
    expect(new Set(nonces).size).toBe(1500);
  });

  test('never yields the same bytes for the same subject', () => {
    const [one, other] = [sealSubject(ring, id, subject), sealSubject(ring, id, subject)];
    for (const blob of BLOBS) expect(one[blob].equals(other[blob])).toBe(false);
  });
});

describe('tampering with a sealed subject', () => {
  const sealed = sealSubject(ring, id, { ...subject, photo: randomBytes(40) });

  test.each(BLOBS)('is noticed for every single flipped bit of %s', (blob) => {
    for (let bit = 0; bit < sealed[blob].length * 8; bit++) {
      const opening = openSubject(ring, id, { ...sealed, [blob]: withFlippedBit(sealed[blob], bit) });
      expect(opening.status, `bit ${bit}`).toBe('unreadable');
    }
  });

  test.each(BLOBS)('is noticed wherever %s is cut short or extended', (blob) => {
    for (let length = 0; length < sealed[blob].length; length++) {
      const opening = openSubject(ring, id, { ...sealed, [blob]: sealed[blob].subarray(0, length) });
      expect(opening.status, `${length} bytes`).toBe('unreadable');
    }
    const longer = Buffer.concat([sealed[blob], Buffer.of(0)]);
    expect(openSubject(ring, id, { ...sealed, [blob]: longer })).toEqual({
      status: 'unreadable',
      reason: 'tampered',
    });
  });

  const other = sealSubject(ring, 'ver_two', subject);
  test.each<[what: string, openedAs: string, blobs: SealedSubject]>([
    ['a photo of another verification', id, { ...sealed, photo: other.photo }],
    ['fields of another verification', id, { ...sealed, fields: other.fields }],
    ['a wrapped key of another verification', id, { ...sealed, wrappedKey: other.wrappedKey }],
    ['everything of another verification', id, other],
    ['fields and photo in each other’s place', id, { ...sealed, fields: sealed.photo, photo: sealed.fields }],
    [
      'the wrapped key of an earlier sealing of the same verification',
      id,
      { ...sealed, wrappedKey: sealSubject(ring, id, subject).wrappedKey },
    ],
    ['an id that differs in one letter', 'ver_onf', sealed],
    [
      'a flipped bit in the tag',
      id,
      { ...sealed, photo: withFlippedBit(sealed.photo, sealed.photo.length * 8 - 1) },
    ],
    ['a truncated photo', id, { ...sealed, photo: sealed.photo.subarray(0, -1) }],
  ])('is called tampered for %s', (_what, openedAs, blobs) => {
    expect(openSubject(ring, openedAs, blobs)).toEqual({ status: 'unreadable', reason: 'tampered' });
  });

  test.each<[what: string, blobs: SealedSubject]>([
    ['an empty photo', { ...sealed, photo: Buffer.alloc(0) }],
    ['an unknown version', { ...sealed, fields: Buffer.concat([Buffer.of(2), sealed.fields.subarray(1)]) }],
    ['an empty wrapped key', { ...sealed, wrappedKey: Buffer.alloc(0) }],
    [
      'a wrapped key of unknown version',
      { ...sealed, wrappedKey: Buffer.concat([Buffer.of(9), sealed.wrappedKey.subarray(1)]) },
    ],
    ['a wrapped key that promises a longer id than it has', { ...sealed, wrappedKey: Buffer.of(1, 200, 65) }],
  ])('is called malformed for %s', (_what, blobs) => {
    expect(openSubject(ring, id, blobs)).toEqual({ status: 'unreadable', reason: 'malformed' });
  });

  test('never throws, whatever the blobs hold', () => {
    const blob = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .uint8Array({ maxLength: 100 })
        .map((rest) => new Uint8Array([1, 7, ...Buffer.from('2026-03'), ...rest])),
    );
    fc.assert(
      fc.property(blob, blob, blob, (wrappedKey, fields, photo) => {
        const opening = openSubject(ring, id, {
          wrappedKey: Buffer.from(wrappedKey),
          fields: Buffer.from(fields),
          photo: Buffer.from(photo),
        });
        expect(opening.status).toBe('unreadable');
      }),
      { numRuns: 500 },
    );
  });
});

describe('key rotation', () => {
  const sealed = sealSubject(oldRing, id, subject);

  test('keeps what an older key wrapped readable', () => {
    expect(openSubject(ring, id, sealed).status).toBe('opened');
  });

  test('seals new subjects with the newest key', () => {
    expect(openSubject(newRing, id, sealSubject(ring, id, subject)).status).toBe('opened');
  });

  test('names an unknown key as the reason, so that a wrong configuration does not look like tampering', () => {
    expect(openSubject(newRing, id, sealed)).toEqual({ status: 'unreadable', reason: 'unknown_key' });
    expect(openSubject(strangeRing, id, sealed)).toEqual({ status: 'unreadable', reason: 'unknown_key' });
  });

  test('notices a key that changed under the same id', () => {
    const impostor = makeKeyRing(makeKeyEntry('2026-02'));
    expect(openSubject(impostor, id, sealed)).toEqual({ status: 'unreadable', reason: 'tampered' });
  });

  test('moves a wrapped key to the newest key, so that the old one can go', () => {
    const rewrapping = rewrap(ring, id, sealed.wrappedKey);
    if (rewrapping.status !== 'rewrapped') throw new Error('the old key must be replaced');
    const moved = { ...sealed, wrappedKey: rewrapping.wrappedKey };
    expect(openSubject(newRing, id, moved)).toEqual({ status: 'opened', subject });
    expect(rewrap(ring, id, moved.wrappedKey)).toEqual({ status: 'current' });
  });

  test('does not move a wrapped key it cannot read', () => {
    expect(rewrap(newRing, id, sealed.wrappedKey)).toEqual({ status: 'unreadable', reason: 'unknown_key' });
    expect(rewrap(ring, 'ver_two', sealed.wrappedKey)).toEqual({ status: 'unreadable', reason: 'tampered' });
    expect(rewrap(ring, id, Buffer.alloc(3))).toEqual({ status: 'unreadable', reason: 'malformed' });
  });
});

test.each([
  ['a symmetric key', makeKeyEntry('k1')],
  ['a public key', generateKeys(randomBytes).privateKey],
])('the cost of sealing and opening a photo of 300 kB is measured and printed: %s', (kind, keys) => {
  const cost = measureSealing(300_000, 100, keys);
  process.stdout.write(
    `${kind}: sealing a photo of ${cost.photoBytes} bytes: ${cost.sealMedianMs.toFixed(3)} ms, ` +
      `opening: ${cost.openMedianMs.toFixed(3)} ms, both: ${cost.bothMedianMs.toFixed(3)} ms (medians of ${cost.rounds}), ` +
      `stored bytes / photo bytes: ${cost.storedRatio.toFixed(5)}\n`,
  );
  expect(cost.storedRatio).toBeLessThan(1.001);
});
