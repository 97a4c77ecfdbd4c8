import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutPhoto } from '../../../producer/body/cut-photo.ts';

const PHOTO = Buffer.alloc(9_000, 'photo');
const BASE64 = PHOTO.toString('base64');

const cutText = (text: string) => {
  const cut = cutPhoto(Buffer.from(text));
  return cut === null ? null : { rest: cut.rest.toString(), photo: cut.photo };
};

describe('a body that is cut', () => {
  test.each([
    ['first', `{"imageBase64":"${BASE64}","name":"测试甲子"}`, '{"imageBase64":"","name":"测试甲子"}'],
    ['last', `{"name":"测试甲子","imageBase64":"${BASE64}"}`, '{"name":"测试甲子","imageBase64":""}'],
    ['alone', `{"imageBase64":"${BASE64}"}`, '{"imageBase64":""}'],
    [
      'among spaces',
      ` \r\n{ "a" : "b\\"}," ,\t"imageBase64" : "${BASE64}" , "c" : null } \n`,
      ' \r\n{ "a" : "b\\"}," ,\t"imageBase64" : "" , "c" : null } \n',
    ],
    [
      'beside numbers and words',
      `{"a":-1.5e+3,"b":true,"imageBase64":"${BASE64}"}`,
      '{"a":-1.5e+3,"b":true,"imageBase64":""}',
    ],
    // What is no JSON is found when the rest is parsed.
    ['before what is no JSON', `{"imageBase64":"${BASE64}"}}`, '{"imageBase64":""}}'],
  ])('has its photo %s', (_where, body, rest) => {
    expect(cutText(body)).toEqual({ rest, photo: PHOTO });
  });

  test('may have a photo of several slices, with padding', () => {
    for (const bytes of [49_152, 49_153, 98_304, 98_305, 98_306, 1_000_000]) {
      const photo = Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7) % 256));
      expect(cutText(`{"imageBase64":"${photo.toString('base64')}"}`)?.photo.equals(photo)).toBe(true);
    }
  });
});

test.each([
  ['no photo', '{"name":"a"}'],
  ['a short photo', `{"imageBase64":"${PHOTO.subarray(0, 3_000).toString('base64')}"}`],
  ['a photo above the limit', `{"imageBase64":"${Buffer.alloc(2_500_000).toString('base64')}"}`],
  ['two photos', `{"imageBase64":"${BASE64}","imageBase64":"${BASE64}"}`],
  ['a second photo that is a number', `{"imageBase64":"${BASE64}","imageBase64":1}`],
  ['a second photo under an escaped name', `{"imageBase64":"${BASE64}","\\u0069mageBase64":"${BASE64}"}`],
  ['a photo in a list', `["imageBase64","${BASE64}"]`],
  ['a photo deeper down', `{"a":{"imageBase64":"${BASE64}"}}`],
  ['a list beside it', `{"a":[1],"imageBase64":"${BASE64}"}`],
  ['a photo with an escape', `{"imageBase64":"\\/${BASE64}"}`],
  ['a photo with an escaped quote', `{"imageBase64":"${BASE64}\\"${BASE64}"}`],
  ['a photo with a line break', `{"imageBase64":"${BASE64}\n${BASE64}"}`],
  ['a data URI', `{"imageBase64":"data:image/jpeg;base64,${BASE64}"}`],
  ['padding within it', `{"imageBase64":"${'A'.repeat(65_534)}==${BASE64}"}`],
  ['too little padding', `{"imageBase64":"${BASE64}A"}`],
  ['bits under the padding', `{"imageBase64":"${BASE64}AB=="}`],
  ['a body that breaks off', `{"imageBase64":"${BASE64}`],
  ['a body that breaks off behind it', `{"imageBase64":"${BASE64}"`],
  ['a byte order mark', `\uFEFF{"imageBase64":"${BASE64}"}`],
  ['nothing', ''],
])('a body with %s is left as it is', (_what, body) => {
  expect(cutText(body)).toBeNull();
});

describe('cut or not, a body says the same', () => {
  const word = fc.string({ unit: 'binary', maxLength: 12 });
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constant('"imageBase64"') },
    { weight: 1, arbitrary: fc.constant('"\\u0069mageBase64"') },
    { weight: 4, arbitrary: word.map((text) => JSON.stringify(text)) },
  );
  const base64 = fc
    .oneof(fc.integer({ min: 3_000, max: 4_000 }), fc.constantFrom(49_151, 49_152, 49_153))
    .map((length) => JSON.stringify(Buffer.alloc(length, 'photo').toString('base64')));
  const value = fc.oneof(
    { weight: 5, arbitrary: base64 },
    { weight: 2, arbitrary: base64.map((text) => text.replace('G', '\\u0047')) },
    { weight: 1, arbitrary: base64.map((text) => text.replace('G', '-')) },
    { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.stringify(json)) },
  );
  const space = fc.constantFrom('', ' ', '\n', '\t\r\n');
  const scalar = fc
    .oneof(word, fc.double(), fc.boolean(), fc.constant(null))
    .map((json) => JSON.stringify(json));
  const plainName = word.map((text) => JSON.stringify(text));
  const member = fc.oneof(
    { weight: 2, arbitrary: fc.tuple(space, fc.constant('"imageBase64"'), space, base64, space) },
    { weight: 4, arbitrary: fc.tuple(space, plainName, space, scalar, space) },
    { weight: 1, arbitrary: fc.tuple(space, name, space, value, space) },
  );
  const body = fc
    .array(member, { maxLength: 5 })
    .map(
      (members) => `{${members.map(([a, key, b, json, c]) => `${a}${key}${b}:${b}${json}${c}`).join(',')}}`,
    );
  // Bytes that are lost, changed or in the way.
  const damage = fc.option(fc.tuple(fc.nat(), fc.constantFrom('', '"', '\\', '}', ',', '\0', 'x')), {
    freq: 2,
  });

  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return 'no JSON';
    }
  };

  test('whatever its members, their order, escapes, duplicates and damages are', () => {
    let cuts = 0;
    fc.assert(
      fc.property(body, damage, (text, damaged) => {
        const at = damaged === null ? 0 : damaged[0] % (text.length + 1);
        const changed = damaged === null ? text : text.slice(0, at) + damaged[1] + text.slice(at + 1);
        // As it arrives: half a character is none.
        const sent = Buffer.from(changed).toString();
        const cut = cutText(sent);
        if (cut === null) return;
        cuts += 1;
        const rest = parse(cut.rest);
        const expected = parse(sent);
        const isSame =
          typeof rest === 'object'
            ? isDeepStrictEqual({ ...rest, imageBase64: cut.photo.toString('base64') }, expected)
            : expected === rest;
        expect(isSame).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect(cuts).toBeGreaterThan(500);
  });
});
