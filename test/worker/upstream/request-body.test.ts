import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildRequestBody } from '../../../worker/upstream/request-body.ts';

const SLICE = 3 * 16_384;

it('is the JSON of its fields, whatever they are', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array({ maxLength: 200 }),
      fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }), { nil: undefined }),
      (idCard, name, bytes, extra) => {
        const photo = Buffer.from(bytes);
        const { whole, head, tail } = buildRequestBody({
          idCard,
          name,
          photo,
          ...(extra === undefined ? {} : { extra }),
        });
        expect(JSON.parse(whole.toString())).toEqual({
          ImageBase64: photo.toString('base64'),
          IdCard: idCard,
          Name: name,
          ...(extra === undefined ? {} : { Extra: extra }),
        });
        expect(Buffer.concat([head, tail]).equals(whole)).toBe(true);
      },
    ),
  );
});

it.each([0, 1, 2, 3, SLICE - 1, SLICE, SLICE + 1, 2 * SLICE, 2_359_296])(
  'encodes a photo of %i bytes',
  (size) => {
    const photo = Buffer.alloc(size);
    for (let index = 0; index < size; index += 1) photo[index] = (index * 31) % 256;
    const { whole } = buildRequestBody({ idCard: '1', name: '二', photo });
    expect(JSON.parse(whole.toString()).ImageBase64 === photo.toString('base64')).toBe(true);
  },
);

it('keeps the person out of the head', () => {
  const { head, tail } = buildRequestBody({ idCard: 'the-number', name: 'the-name', photo: Buffer.alloc(9) });
  expect(head.toString()).toBe('{"ImageBase64":"AAAAAAAAAAAA');
  expect(tail.toString()).toBe('","IdCard":"the-number","Name":"the-name"}');
});
