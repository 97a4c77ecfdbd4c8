import fc from 'fast-check';
import { typeidUnboxed } from 'typeid-js';
import { expect, test } from 'vitest';
import { verificationId } from '../../../../shared/contract/verification.ts';
import { firstIdAfter, idBefore } from '../../../../shared/store/verifications/reference-index.ts';

const LETTERS = [...'0123456789abcdefghjkmnpqrstvwxyz'];
const id = fc
  .tuple(
    fc.constantFrom(...'01234567'),
    fc.array(fc.constantFrom(...LETTERS), { minLength: 25, maxLength: 25 }),
  )
  .map(([first, rest]) => `ver_${first}${rest.join('')}`);
/** Near an id: a letter of it replaced, or none. */
const neighbor = fc
  .tuple(id, fc.nat(25), fc.string({ minLength: 0, maxLength: 1 }))
  .map(([near, at, letter]) => ({
    near,
    text: `${near.slice(0, 4 + at)}${letter}${near.slice(4 + at + letter.length)} ${typeidUnboxed('ver')}`,
  }));

test('the first id after a text separates the ids before it from those after it', () => {
  fc.assert(
    fc.property(neighbor, id, ({ near, text }, other) => {
      const after = firstIdAfter(text);
      expect(verificationId.safeParse(after).success).toBe(true);
      const last = `ver_7${'z'.repeat(25)}`;
      for (const each of [near, other].filter((one) => one !== last)) expect(each < after).toBe(each < text);
    }),
    { numRuns: 2_000 },
  );
});

test('the id before an id sorts before it, and no other id between the two', () => {
  fc.assert(
    fc.property(id, id, (some, other) => {
      const before = idBefore(some);
      expect(before < some).toBe(true);
      expect(other < some && other > before).toBe(false);
      if (before !== 'ver_') expect(firstIdAfter(`${before} `)).toBe(some);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['ver_0 ver_', `ver_0${'0'.repeat(25)}`],
  [`ver_${'0'.repeat(26)} ver_`, `ver_${'0'.repeat(25)}1`],
  [`ver_1${'z'.repeat(25)} ver_`, `ver_2${'0'.repeat(25)}`],
  ['ver_1i', `ver_1j${'0'.repeat(24)}`],
  ['ver_9', `ver_7${'z'.repeat(25)}`],
  ['ver_单', `ver_7${'z'.repeat(25)}`],
])('after %s comes %s', (text, expected) => {
  expect(firstIdAfter(text)).toBe(expected);
});
