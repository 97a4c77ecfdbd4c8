import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareDigest,
  computeDigest,
  type DigestPart,
  type DigestPurpose,
  listDigestCandidates,
} from '../../../shared/sealing/digest.ts';
import { makeKeyEntry, makeKeyRing } from './synthetic-ring.ts';

const oldEntry = makeKeyEntry('2026-02');
const newEntry = makeKeyEntry('2026-03');
const before = makeKeyRing(oldEntry);
const prepared = makeKeyRing(oldEntry, newEntry);
const rotated = makeKeyRing(newEntry, oldEntry);
const after = makeKeyRing(newEntry);
const person = ['999999199001010000'];

describe('a keyed digest', () => {
  test('is the same for the same parts, and shows its key’s id', () => {
    const digest = computeDigest(before, 'person', person);
    expect(digest).toMatch(/^2026-02\.[A-Za-z0-9_-]{43}$/);
    expect(computeDigest(before, 'person', person)).toBe(digest);
    expect(digest).not.toContain(person[0]);
  });

  test('differs by key, so that it cannot be guessed without one', () => {
    const [one, other] = [makeKeyRing(makeKeyEntry('a')), makeKeyRing(makeKeyEntry('a'))];
    expect(computeDigest(one, 'person', person)).not.toBe(computeDigest(other, 'person', person));
  });

  test('differs by purpose', () => {
    const purposes: readonly DigestPurpose[] = ['person', 'idempotency-key', 'idempotency-body'];
    expect(new Set(purposes.map((purpose) => computeDigest(before, purpose, person))).size).toBe(3);
  });

  test.each<[what: string, one: readonly DigestPart[], other: readonly DigestPart[]]>([
    ['parts that run together', ['ab', 'c'], ['a', 'bc']],
    ['one part or two', ['ab'], ['a', 'b']],
    ['an absent part and an empty one', ['a', null], ['a', '']],
    ['an absent part and none', ['a', null], ['a']],
    ['a part that looks like an absent one', [null], ['-|']],
    ['a part that looks like two', ['1|a1|b'], ['a', 'b']],
  ])('differs for %s', (_what, one, other) => {
    expect(computeDigest(before, 'idempotency-body', one)).not.toBe(
      computeDigest(before, 'idempotency-body', other),
    );
  });

  test('differs for any two different lists of parts', () => {
    const parts = fc.array(
      fc.oneof(fc.string({ unit: fc.constantFrom(...'1|-a'), maxLength: 3 }), fc.constant(null)),
      {
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        const digests = [one, other].map((list) => computeDigest(before, 'idempotency-body', list));
        expect(digests[0] === digests[1]).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  test('takes text and its UTF-8 bytes for the same', () => {
    expect(computeDigest(before, 'person', [Buffer.from('测')])).toBe(
      computeDigest(before, 'person', ['测']),
    );
  });
});

describe('a digest through a key rotation', () => {
  const written = computeDigest(before, 'idempotency-body', ['body']);

  test.each([
    ['before it', before],
    ['once the new key is known', prepared],
    ['once the new key leads', rotated],
  ])('still compares %s', (_what, ring) => {
    expect(compareDigest(ring, 'idempotency-body', ['body'], written)).toBe('same');
    expect(compareDigest(ring, 'idempotency-body', ['other'], written)).toBe('different');
  });

  test('is found among the candidates as long as its key is in the ring', () => {
    for (const ring of [before, prepared, rotated]) {
      expect(listDigestCandidates(ring, 'idempotency-body', ['body'])).toContain(written);
    }
    expect(listDigestCandidates(after, 'idempotency-body', ['body'])).not.toContain(written);
  });

  test('written after the rotation, is found after the old key is gone', () => {
    const fresh = computeDigest(rotated, 'person', person);
    expect(listDigestCandidates(rotated, 'person', person)[0]).toBe(fresh);
    expect(listDigestCandidates(after, 'person', person)).toEqual([fresh]);
  });

  test('says so when its key has left the ring', () => {
    expect(compareDigest(after, 'idempotency-body', ['body'], written)).toBe('unknown_key');
  });

  test.each(['', '.', 'x', '2026-02', '2026-02.', `${written}x`, written.slice(0, -1)])(
    'compares to the damaged digest %j without an error, and not as the same',
    (digest) => {
      expect(compareDigest(rotated, 'idempotency-body', ['body'], digest)).not.toBe('same');
    },
  );
});
