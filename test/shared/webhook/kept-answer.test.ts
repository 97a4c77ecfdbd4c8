import { describe, expect, test } from 'vitest';
import { keepAnswer } from '../../../shared/webhook/kept-answer.ts';

const KEPT = 4096;
const ID_NUMBER = '99731619770707001X';
const stored = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;
const keep = (text: string, complete = true) => keepAnswer(Buffer.from(text), complete);

describe('of a receiver’s answer', () => {
  test.each([
    ['NULs', '\0'],
    ['line feeds', '\n'],
    ['quotes', '"'],
    ['letters', 'x'],
    ['Chinese', '核'],
    ['emoji', '\u{1f600}'],
    ['bytes that are no text', Buffer.from([0xff])],
  ])('4 kB are kept as they are stored: %s', (_, unit) => {
    const kept = keepAnswer(Buffer.concat(Array.from({ length: 16_384 }, () => Buffer.from(unit))), false);
    expect(stored(kept)).toBeLessThanOrEqual(KEPT);
    expect(stored(kept)).toBeGreaterThan(KEPT - 12);
  });

  test('no character is cut in two, neither where it was read to nor where it is cut', () => {
    for (const before of ['', 'x', 'xx', 'xxx']) {
      const whole = `${before}${'\u{1f600}'.repeat(5_000)}`;
      expect(keepAnswer(Buffer.from(whole).subarray(0, 101), false)).not.toContain('\ufffd');
      expect(whole.startsWith(keep(whole))).toBe(true);
      expect(keep(whole)).not.toMatch(/\p{Cs}/u);
    }
  });

  test.each(Array.from({ length: 20 }, (_, nth) => KEPT - 18 + nth))(
    'an ID number at byte %i, across the cut, leaves no digit',
    (at) => {
      const kept = keep(`${'x'.repeat(at - 1)} ${ID_NUMBER} ${'x'.repeat(100)}`);
      expect(kept).not.toMatch(/\d/);
    },
  );

  test.each([6, 10, 17])(
    'an ID number of which %i digits came before the answer broke off is withheld',
    (came) => {
      expect(keep(`no such person: ${ID_NUMBER.slice(0, came)}`, false)).toBe('no such person: (withheld)');
    },
  );

  test.each([
    [`<td>${ID_NUMBER}</td>`, '<td>(withheld)</td>'],
    [`id${ID_NUMBER}name`, 'id(withheld)name'],
    [`0086${ID_NUMBER}`, '0086(withheld)'],
    [`${ID_NUMBER}${ID_NUMBER}`, '(withheld)(withheld)'],
    ['id=123456789012345678;', 'id=(withheld);'],
  ])('an ID number in other surroundings: %s', (text, kept) => {
    expect(keep(text)).toBe(kept);
  });

  test.each(['', 'ok', '{"order":20240101123456}', 'a 17-digit number: 12345678901234567'])(
    'other text stays: %j',
    (text) => {
      expect(keep(text)).toBe(text);
    },
  );
});
