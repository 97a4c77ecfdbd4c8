import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_PHOTO_BASE64_LENGTH, MAX_PHOTO_BYTES } from '../../../shared/contract/photo-limits.ts';
import { computeBase64Length, decodeBase64, decodeBase64Bytes } from '../../../shared/validation/base64.ts';
import { checkPhotoBase64, checkPhotoBytes } from '../../../shared/validation/photo.ts';
import type { ValidationCode } from '../../../shared/validation/validation-failure.ts';
import { makeJpeg, makePng } from './synthetic-person.ts';

const jpeg = makeJpeg(3, 4);
const encoded = jpeg.toString('base64');

describe('checkPhotoBase64', () => {
  test('returns the decoded bytes of a JPEG and of a PNG', () => {
    for (const image of [jpeg, makePng(3, 4)]) {
      expect(checkPhotoBase64(image.toString('base64'))).toEqual({ ok: true, value: image });
    }
  });

  test.each<[what: string, text: string, codes: readonly ValidationCode[]]>([
    ['empty text', '', ['photo_empty']],
    ['a data URI', `data:image/jpeg;base64,${encoded}`, ['photo_data_uri']],
    ['a line break inside', `${encoded.slice(0, 8)}\n${encoded.slice(8)}`, ['photo_line_break']],
    ['lines of 76 characters with CRLF', `${encoded}\r\n`, ['photo_line_break']],
    ['the URL-safe alphabet', encoded.replaceAll('/', '_'), ['photo_url_safe_alphabet']],
    ['a space', `${encoded.slice(0, 8)} ${encoded.slice(8)}`, ['photo_base64_character']],
    [
      'a character beyond Latin-1 whose low byte is in the alphabet',
      `${encoded.slice(0, -4)}\u0141AAA`,
      ['photo_base64_character'],
    ],
    ['padding in the middle', `${encoded.slice(0, 4)}====${encoded.slice(4)}`, ['photo_base64_padding']],
    ['Base64 of something else', Buffer.from('no image at all').toString('base64'), ['photo_format']],
  ])('refuses %s', (_what, text, codes) => {
    expect(checkPhotoBase64(text)).toEqual({ ok: false, codes });
  });

  test('accepts exactly 3 MiB of Base64 and refuses 4 characters more', () => {
    const largest = makePng(3, 4, MAX_PHOTO_BYTES).toString('base64');
    expect(largest).toHaveLength(MAX_PHOTO_BASE64_LENGTH);
    expect(checkPhotoBase64(largest).ok).toBe(true);
    expect(checkPhotoBase64(`${largest}AAAA`)).toEqual({ ok: false, codes: ['photo_too_large'] });
  });

  test('names a data URI even when it is too large as well', () => {
    expect(checkPhotoBase64(`data:image/png;base64,${'A'.repeat(MAX_PHOTO_BASE64_LENGTH)}`)).toEqual({
      ok: false,
      codes: ['photo_data_uri', 'photo_too_large'],
    });
  });
});

describe('decodeBase64', () => {
  test('gives back every byte string that was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
        const bytes = Buffer.from(array);
        expect(decodeBase64(bytes.toString('base64'))).toEqual({ ok: true, value: bytes });
      }),
    );
  });

  test('refuses any text in which one character was replaced by one outside the alphabet', () => {
    const alphabet = /[A-Za-z0-9+/=]/;
    const foreign = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 1 })
      .filter((c) => !alphabet.test(c));
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        foreign,
        fc.nat(),
        (array, character, at) => {
          const text = [...Buffer.from(array).toString('base64')];
          expect(decodeBase64(text.with(at % text.length, character).join('')).ok).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('refuses wrong padding and unused bits that are not zero', () => {
    for (const text of ['QQ', 'QQ=', 'QQ===', 'QR==', 'QUI', 'QUJ=', 'Q', '=', '====', 'QUJD=', 'QQ==QQ==']) {
      expect(decodeBase64(text), text).toEqual({ ok: false, codes: ['photo_base64_padding'] });
    }
  });

  test('takes at most one text for the same bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'AQgw+/-_= \n'), maxLength: 12 }), (text) => {
        const decoded = decodeBase64(text);
        if (decoded.ok) expect(decoded.value.toString('base64')).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

test('decodeBase64Bytes takes and gives exactly what decodeBase64 does, whatever is wrong with a text', () => {
  const expectTheSame = (text: string) => {
    const whole = decodeBase64(text);
    const inSlices = decodeBase64Bytes(Buffer.from(text, 'latin1'));
    expect(inSlices === null ? null : inSlices.toString('hex'), text).toBe(
      whole.ok ? whole.value.toString('hex') : null,
    );
  };
  const mixed = fc.string({ unit: fc.constantFrom(...'AQgw+/-_= \n\u00e9'), maxLength: 16 });
  fc.assert(fc.property(mixed, expectTheSame), { numRuns: 2000 });
  const damage = fc.tuple(fc.nat(), fc.constantFrom('', '=', '==', '-', '_', '\n', '\u00e9', 'B', 'AA'));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(damage, { maxLength: 2 }), (array, damages) => {
      const text = [...Buffer.from(array).toString('base64')];
      for (const [at, character] of damages) text[at % Math.max(1, text.length)] = character;
      expectTheSame(text.join(''));
    }),
    { numRuns: 3000 },
  );
});

describe('checkPhotoBytes', () => {
  test('hands the same buffer back, uncopied', () => {
    const check = checkPhotoBytes(jpeg);
    expect(check.ok && check.value === jpeg).toBe(true);
  });

  test('measures a raw file by the Base64 it will become', () => {
    expect(checkPhotoBytes(makePng(3, 4, MAX_PHOTO_BYTES)).ok).toBe(true);
    expect(checkPhotoBytes(makePng(3, 4, MAX_PHOTO_BYTES + 1))).toEqual({
      ok: false,
      codes: ['photo_too_large'],
    });
    expect(checkPhotoBytes(Buffer.alloc(0))).toEqual({ ok: false, codes: ['photo_empty'] });
  });

  test.each<[what: string, bytes: Buffer, code: ValidationCode]>([
    ['a GIF', Buffer.from('GIF89a\x01\x00\x01\x00', 'latin1'), 'photo_format'],
    ['a BMP', Buffer.from('BM\x00\x00', 'latin1'), 'photo_format'],
    ['a WebP', Buffer.from('RIFF\x00\x00\x00\x00WEBPVP8 ', 'latin1'), 'photo_format'],
    ['two bytes', Buffer.from([0xff, 0xd8]), 'photo_format'],
    ['a PNG header cut short', makePng(3, 4).subarray(0, 32), 'photo_header'],
    ['a PNG without width', makePng(0, 4), 'photo_header'],
    ['a PNG without height', makePng(3, 0), 'photo_header'],
    ['a JPEG cut short in its frame header', jpeg.subarray(0, 12), 'photo_header'],
    ['a JPEG without height', makeJpeg(3, 0), 'photo_header'],
    ['a JPEG that is only its first bytes', jpeg.subarray(0, 3), 'photo_header'],
  ])('refuses %s', (_what, bytes, code) => {
    expect(checkPhotoBytes(bytes)).toEqual({ ok: false, codes: [code] });
  });

  test('computes the Base64 length that encoding yields', () => {
    for (const bytes of [0, 1, 2, 3, 4, 5, 6, 1000]) {
      expect(computeBase64Length(bytes)).toBe(Buffer.alloc(bytes).toString('base64').length);
    }
  });
});
