import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkIdCard, computeCheckDigit } from '../../../shared/validation/id-card.ts';
import type { ValidationCode } from '../../../shared/validation/validation-failure.ts';
import { makeIdCard } from './synthetic-person.ts';

/** 2026-03-01 12:00 in China. */
const now = Date.parse('2026-03-01T04:00:00Z');
const strict = { now, allowCheckDigitFailure: false };
const lenient = { now, allowCheckDigitFailure: true };

const valid = makeIdCard('19900101');
const endingInX = makeIdCard('19900101', '018');
const wrongCheckDigit = `${valid.slice(0, 17)}${(Number(valid[17]) + 1) % 10}`;
const documentedExample = '11204416541220243X';

function codesOf(text: string, options = strict): readonly ValidationCode[] {
  const check = checkIdCard(text, options);
  return check.ok ? [] : check.codes;
}

describe('checkIdCard', () => {
  test('accepts a well-formed number and returns it', () => {
    expect(checkIdCard(valid, strict)).toEqual({ ok: true, value: valid });
  });

  test('upper-cases a final x and changes nothing else', () => {
    expect(endingInX.endsWith('X')).toBe(true);
    expect(checkIdCard(endingInX.toLowerCase(), strict)).toEqual({ ok: true, value: endingInX });
  });

  test.each<[what: string, text: string, codes: readonly ValidationCode[]]>([
    ['empty text', '', ['id_card_length']],
    ['17 digits', valid.slice(0, 17), ['id_card_length']],
    ['19 digits', `${valid}0`, ['id_card_length']],
    ['a 15-digit number', '999999900101000', ['id_card_fifteen_digits']],
    ['15 characters that are no number', '99999990010100X', ['id_card_length']],
    ['a leading space', ` ${valid}`, ['id_card_length']],
    ['a trailing line break', `${valid}\n`, ['id_card_length']],
    ['a space in place of a digit', `9 ${valid.slice(2)}`, ['id_card_characters']],
    ['an X before the end', `X${valid.slice(1)}`, ['id_card_characters']],
    [
      'full-width digits',
      [...valid].map((d) => String.fromCodePoint(0xff10 + Number(d))).join(''),
      ['id_card_characters'],
    ],
    ['a full-width X', `${endingInX.slice(0, 17)}\uFF38`, ['id_card_characters']],
    ['a Cyrillic Х', `${endingInX.slice(0, 17)}\u0425`, ['id_card_characters']],
    ['Arabic-Indic digits', `\u0661${valid.slice(1)}`, ['id_card_characters']],
    ['month 13', makeIdCard('19901301'), ['id_card_birth_date']],
    ['month 00', makeIdCard('19900001'), ['id_card_birth_date']],
    ['day 00', makeIdCard('19900100'), ['id_card_birth_date']],
    ['day 31 of a short month', makeIdCard('19900431'), ['id_card_birth_date']],
    ['29 February of a common year', makeIdCard('20230229'), ['id_card_birth_date']],
    ['29 February 1900, which was no leap year', makeIdCard('19000229'), ['id_card_birth_date']],
    ['the last day before 1900', makeIdCard('18991231'), ['id_card_birth_date']],
    ['year 0000', makeIdCard('00000101'), ['id_card_birth_date']],
    ['tomorrow in China', makeIdCard('20260302'), ['id_card_birth_date_in_future']],
    ['a wrong check digit', wrongCheckDigit, ['id_card_check_digit']],
    [
      'a wrong date and a wrong check digit',
      `${valid.slice(0, 10)}13${valid.slice(12, 17)}X`,
      ['id_card_birth_date', 'id_card_check_digit'],
    ],
    ['the example of the API page', documentedExample, ['id_card_birth_date', 'id_card_check_digit']],
  ])('refuses %s', (_what, text, codes) => {
    expect(codesOf(text)).toEqual(codes);
  });

  test.each([
    ['29 February of a leap year', '20240229'],
    ['29 February 2000', '20000229'],
    ['the first day of 1900', '19000101'],
    ['today in China', '20260301'],
  ])('accepts a birth on %s', (_what, birthDate) => {
    expect(codesOf(makeIdCard(birthDate))).toEqual([]);
  });

  test('takes the day from the calendar in China, eight hours ahead of UTC', () => {
    const newborn = makeIdCard('20260302');
    expect(codesOf(newborn, { ...strict, now: Date.parse('2026-03-01T15:59:59.999Z') })).toEqual([
      'id_card_birth_date_in_future',
    ]);
    expect(codesOf(newborn, { ...strict, now: Date.parse('2026-03-01T16:00:00Z') })).toEqual([]);
  });
});

describe('allowCheckDigitFailure', () => {
  test('lets the example of the API page through', () => {
    expect(checkIdCard(documentedExample, lenient)).toEqual({ ok: true, value: documentedExample });
  });

  test.each<[what: string, text: string, codes: readonly ValidationCode[]]>([
    ['a wrong check digit', wrongCheckDigit, []],
    ['a birth date that is on no calendar', makeIdCard('16541320'), ['id_card_birth_date']],
    ['year 0000', makeIdCard('00000101'), ['id_card_birth_date']],
    ['a birth date in the future', makeIdCard('20260302'), ['id_card_birth_date_in_future']],
    ['15 digits', '999999900101000', ['id_card_fifteen_digits']],
  ])('gives %s the codes it deserves', (_what, text, codes) => {
    expect(codesOf(text, lenient)).toEqual(codes);
  });
});

describe('the check digit', () => {
  const birthDates = fc
    .date({ min: new Date('1900-01-01'), max: new Date('2025-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10).replaceAll('-', ''));
  const idCards = fc
    .tuple(birthDates, fc.integer({ min: 0, max: 999 }))
    .map(([date, sequence]) => makeIdCard(date, String(sequence).padStart(3, '0')));

  test('is right for exactly one of the eleven characters', () => {
    fc.assert(
      fc.property(idCards, (idCard) => {
        const accepted = [...'0123456789X'].filter(
          (digit) => codesOf(idCard.slice(0, 17) + digit).length === 0,
        );
        expect(accepted).toEqual([idCard[17]]);
      }),
    );
  });

  test('agrees with the recursive definition of ISO 7064', () => {
    fc.assert(fc.property(idCards, (idCard) => computeCheckDigit(idCard) === idCard[17]));
  });

  test('notices every single wrong digit and every swap of neighbors', () => {
    fc.assert(
      fc.property(idCards, fc.nat({ max: 16 }), fc.integer({ min: 1, max: 9 }), (idCard, at, step) => {
        const digits = [...idCard];
        const wrong = digits.with(at, String((Number(digits[at]) + step) % 10)).join('');
        expect(codesOf(wrong, strict)).not.toEqual([]);

        const [left = '', right = ''] = [digits[at], digits[at + 1]];
        const swapped = digits
          .with(at, right)
          .with(at + 1, left)
          .join('');
        if (left !== right) expect(codesOf(swapped, strict)).not.toEqual([]);
      }),
    );
  });

  test('never lets a text through that is not 17 digits and a digit or X', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        const check = checkIdCard(text, lenient);
        expect(check.ok && !/^[0-9]{17}[0-9X]$/.test(check.value)).toBe(false);
      }),
    );
  });
});
