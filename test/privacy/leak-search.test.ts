import { describe, expect, test } from 'vitest';
import { makeCanary, shared } from './canary.ts';
import { makeIntegerNeedle, makeNeedles, searchLeaks } from './leak-search.ts';

const canary = makeCanary();
const needles = Object.entries(shared).flatMap(([name, bytes]) => makeNeedles({ name, bytes }));

const texts = [
  ['idCard', Buffer.from(canary.idCard)],
  ['name', Buffer.from('鱻龘靐甲子')],
  ['latinName', Buffer.from('Canaria Qwzx 甲子')],
  ['marker', canary.marker],
] as const;

const escaped = (text: string, width: number, prefix: string) =>
  Array.from(
    { length: text.length },
    (_, i) => `${prefix}${text.charCodeAt(i).toString(16).padStart(width, '0')}`,
  ).join('');

/** Encoders as a program that leaks would use them, on the whole with what stands around it. */
const leaks: readonly (readonly [string, (whole: Buffer) => Buffer | string])[] = [
  ['clear', (whole) => whole],
  ['Base64', (whole) => whole.toString('base64')],
  ['Base64url', (whole) => whole.toString('base64url')],
  ['hex', (whole) => whole.toString('hex')],
  ['hex in capitals', (whole) => whole.toString('hex').toUpperCase()],
  ['an inspected buffer', (whole) => whole.toString('hex').replaceAll(/(..)/g, '$1 ')],
  ['a serialized buffer', (whole) => JSON.stringify(whole)],
  ['percent-encoding', (whole) => escaped(whole.toString('latin1'), 2, '%')],
  ['percent-encoding in capitals', (whole) => escaped(whole.toString('latin1'), 2, '%').toUpperCase()],
  ['escapes of bytes', (whole) => escaped(whole.toString('latin1'), 2, '\\x')],
  ['JSON escapes of bytes', (whole) => escaped(whole.toString('latin1'), 4, '\\u')],
  ['a string of bytes', (whole) => Buffer.from(whole.toString('latin1'), 'utf8')],
];

const textLeaks: readonly (readonly [string, (whole: string) => Buffer | string])[] = [
  ['encodeURIComponent', (whole) => encodeURIComponent(whole)],
  ['a form', (whole) => new URLSearchParams({ whole }).toString()],
  ['JSON escapes', (whole) => escaped(whole, 4, '\\u')],
  [
    'JSON escapes in capitals',
    (whole) => escaped(whole, 4, '\\u').replaceAll(/[a-f]/g, (c) => c.toUpperCase()),
  ],
  ['JSON escapes within JSON', (whole) => JSON.stringify(escaped(whole, 4, '\\u'))],
  ['UTF-16', (whole) => Buffer.from(whole, 'utf16le')],
];

function expectFound(secret: string, leaked: Buffer | string) {
  const bytes = Buffer.from(leaked as string);
  expect(searchLeaks([{ name: 'somewhere', bytes }], needles)).toContainEqual(
    expect.objectContaining({ place: 'somewhere', secret }),
  );
}

describe.each(texts)('a leaked %s', (secret, bytes) => {
  test.each(leaks)('is found as %s, wherever in it it stands', (_form, encode) => {
    for (const before of ['', 'a', 'ab', 'abc']) {
      expectFound(secret, encode(Buffer.concat([Buffer.from(before), bytes, Buffer.from(' and more')])));
    }
  });
});

describe.each(texts.filter(([secret]) => secret !== 'marker'))('a leaked %s', (secret, bytes) => {
  test.each(textLeaks)('is found as %s', (_form, encode) => {
    for (const before of ['', 'é', '乙']) expectFound(secret, encode(`${before}${bytes} and more`));
  });
});

test('an ID number that Redis keeps as an integer is found', () => {
  const idCard = '997316197707070018';
  const bytes = Buffer.alloc(24, 7);
  bytes.writeBigInt64LE(BigInt(idCard), 5);
  expect(searchLeaks([{ name: 'dump', bytes }], makeIntegerNeedle(idCard))).toHaveLength(1);
});

test('nothing is found where nothing is', () => {
  const bytes = Buffer.from(JSON.stringify({ id: 'ver_1', code: 'Success', at: new Date(0) }));
  expect(searchLeaks([{ name: 'somewhere', bytes }], needles)).toEqual([]);
});
