import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { generateKey } from '../../../shared/sealing/generate-keys.ts';
import { findKey, getNewestKey, parseKeyRing } from '../../../shared/sealing/key-ring.ts';

const first = randomBytes(32).toString('base64');
const second = randomBytes(32).toString('base64');

describe('parseKeyRing', () => {
  test('reads keys in order, the newest first', () => {
    const parsing = parseKeyRing(`2026-03:${first},2026-02:${second}`);
    if (!parsing.ok) throw new Error('the ring must parse');
    expect(getNewestKey(parsing.keyRing).id).toBe('2026-03');
    expect(parsing.keyRing.keys.map((key) => key.id)).toEqual(['2026-03', '2026-02']);
    const older = findKey(parsing.keyRing, '2026-02');
    expect(older?.kind === 'symmetric' && older.secret.export().toString('base64')).toBe(second);
    expect(findKey(parsing.keyRing, '2026-01')).toBeUndefined();
  });

  test('ignores spaces and line breaks around entries', () => {
    expect(parseKeyRing(` a:${first},\n b:${second}\n`).ok).toBe(true);
  });

  test.each<[what: string, text: string, errors: readonly string[]]>([
    ['nothing', '', ['entry 1 must be id:base64 or id:kind:base64, but is empty']],
    ['a trailing comma', `a:${first},`, ['entry 2 must be id:base64 or id:kind:base64, but is empty']],
    ['a key without an id', first, ['entry 1 must be id:base64 or id:kind:base64, but has no colon']],
    [
      'id and key in the wrong order',
      `${first}:a`,
      ['entry 1 must begin with an id of 1 to 20 letters, digits, hyphens or underscores'],
    ],
    [
      'an empty id',
      `:${first}`,
      ['entry 1 must begin with an id of 1 to 20 letters, digits, hyphens or underscores'],
    ],
    [
      'a key of 31 bytes',
      `a:${Buffer.alloc(31).toString('base64')}`,
      ['entry 1 (a) must have 32 bytes, but has 31'],
    ],
    [
      'a key of 33 bytes',
      `a:${Buffer.alloc(33).toString('base64')}`,
      ['entry 1 (a) must have 32 bytes, but has 33'],
    ],
    [
      'a key without padding',
      `a:${first.replaceAll('=', '')}`,
      ['entry 1 (a) must be standard Base64 with padding'],
    ],
    ['a key in hex', `a:${'g'.repeat(63)}`, ['entry 1 (a) must be standard Base64 with padding']],
    ['the same id twice', `a:${first},a:${second}`, ['two entries have the id a: each must have its own']],
    [
      'several mistakes, all of them',
      `a:${first},b,c:AAAA`,
      [
        'entry 2 must be id:base64 or id:kind:base64, but has no colon',
        'entry 3 (c) must have 32 bytes, but has 3',
      ],
    ],
  ])('refuses %s', (_what, text, errors) => {
    expect(parseKeyRing(text)).toEqual({ ok: false, errors });
  });

  test('never puts key material into an error', () => {
    const material = first.slice(0, 43);
    for (const text of [
      first,
      `${first}:a`,
      `a:${material}`,
      `${material}:${material}`,
      `a:${first}:b`,
      `a:${first}x`,
    ]) {
      const parsing = parseKeyRing(text);
      expect(parsing.ok).toBe(false);
      expect(JSON.stringify(parsing)).not.toContain(material.slice(0, 10));
    }
  });

  test('gives a ring that shows no key when it is printed or serialized', () => {
    const parsing = parseKeyRing(`a:${first}`);
    const hex = Buffer.from(first, 'base64').toString('hex').slice(0, 12);
    for (const text of [inspect(parsing, { depth: null, showHidden: true }), JSON.stringify(parsing)]) {
      expect(text).not.toContain(first.slice(0, 10));
      expect(text.replaceAll(' ', '')).not.toContain(hex);
    }
  });
});

describe('generateKey', () => {
  test('makes an entry that parses, another one each time', () => {
    const [one, other] = [generateKey(randomBytes), generateKey(randomBytes)];
    expect(one).not.toBe(other);
    expect(one).toMatch(/^k[0-9a-f]{8}:/);
    expect(parseKeyRing(`${one},${other}`).ok).toBe(true);
  });
});
