import { describe, expect, test } from 'vitest';
import { checkExtra } from '../../../shared/validation/extra.ts';
import { type SubmissionInput, validateSubmission } from '../../../shared/validation/submission.ts';
import { VALIDATION_FAILURES } from '../../../shared/validation/validation-failure.ts';
import { makeIdCard, makeJpeg } from './synthetic-person.ts';

const options = { now: Date.parse('2026-03-01T04:00:00Z'), allowCheckDigitFailure: false };
const jpeg = makeJpeg(3, 4);
const idCard = makeIdCard('19900101', '018');

function makeInput(overrides: Partial<SubmissionInput> = {}): SubmissionInput {
  return { idCard, name: '测试', photo: { form: 'base64', text: jpeg.toString('base64') }, ...overrides };
}

describe('validateSubmission', () => {
  test('hands over the subject in the form it is used in', () => {
    const input = makeInput({ idCard: idCard.toLowerCase(), name: '测试\u30FB样本', extra: 'order 17' });
    expect(validateSubmission(input, options)).toEqual({
      ok: true,
      person: { idCard, name: '测试\u00B7样本' },
      photo: jpeg,
    });
  });

  test('takes a photo as raw bytes and leaves extra out where there is none', () => {
    const input = makeInput({ photo: { form: 'bytes', bytes: jpeg } });
    expect(validateSubmission(input, options)).toEqual({
      ok: true,
      person: { idCard, name: '测试' },
      photo: jpeg,
    });
  });

  test('reports every failing field at once, by pointer and code', () => {
    const input = makeInput({
      idCard: '99999919901301000X',
      name: ' ',
      photo: { form: 'base64', text: 'AAAA' },
      extra: '',
    });
    const result = validateSubmission(input, options);
    expect(result.ok ? [] : result.errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/idCard', 'id_card_birth_date'],
      ['/idCard', 'id_card_check_digit'],
      ['/name', 'name_empty'],
      ['/name', 'name_space'],
      ['/imageBase64', 'photo_format'],
      ['/extra', 'extra_length'],
    ]);
  });

  test('points at the file part when the photo came as raw bytes', () => {
    const result = validateSubmission(
      makeInput({ photo: { form: 'bytes', bytes: Buffer.alloc(9) } }),
      options,
    );
    expect(result).toEqual({
      ok: false,
      errors: [{ pointer: '/image', code: 'photo_format', detail: VALIDATION_FAILURES.photo_format }],
    });
  });

  test('never repeats a submitted value', () => {
    const canary = 'Zq7canary';
    const result = validateSubmission(
      {
        idCard: canary,
        name: `${canary}\u0000`,
        photo: { form: 'base64', text: `${canary}!` },
        extra: `${canary}${canary}`,
      },
      options,
    );
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain(canary);
  });

  test('lets a wrong check digit through where that is allowed', () => {
    const input = makeInput({ idCard: '11204416541220243X' });
    expect(validateSubmission(input, options).ok).toBe(false);
    expect(validateSubmission(input, { ...options, allowCheckDigitFailure: true }).ok).toBe(true);
  });
});

describe('checkExtra', () => {
  test.each([
    ['one character', 'a'],
    ['ten characters', '0123456789'],
    ['ten characters of two UTF-16 units each', '\u{1F600}'.repeat(10)],
  ])('accepts %s', (_what, text) => {
    expect(checkExtra(text)).toEqual({ ok: true, value: text });
  });

  test.each([
    ['no character', '', 'extra_length'],
    ['eleven characters', '01234567890', 'extra_length'],
    ['eleven characters of two UTF-16 units each', '\u{1F600}'.repeat(11), 'extra_length'],
    ['a very long text', 'a'.repeat(1_000_000), 'extra_length'],
    ['an unpaired surrogate', 'a\uD800', 'extra_not_unicode'],
    ['bytes that were no UTF-8', 'a\uFFFD', 'extra_not_utf8'],
  ])('refuses %s', (_what, text, code) => {
    expect(checkExtra(text)).toEqual({ ok: false, codes: [code] });
  });
});
