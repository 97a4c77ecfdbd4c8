import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkPersonName } from '../../../shared/validation/person-name.ts';
import type { ValidationCode } from '../../../shared/validation/validation-failure.ts';

/** The name's GBK bytes, read as UTF-8 by a server; the four characters that the tests need. */
function gbk(name: string): string {
  const bytes: Readonly<Record<string, readonly number[]>> = {
    测: [0xb2, 0xe2],
    试: [0xca, 0xd4],
    样: [0xd1, 0xf9],
  };
  return Buffer.from([...name].flatMap((each) => bytes[each] ?? [])).toString('utf8');
}

/** What a check says of each, under the words that describe it. */
const everyName = <Output>(names: Readonly<Record<string, string>>, observe: (name: string) => Output) =>
  Object.fromEntries(Object.entries(names).map(([what, name]) => [what, observe(name)]));

describe('checkPersonName', () => {
  test('accepts these names as they are', () => {
    const names = {
      'two Chinese characters': '测试',
      'one Chinese character': '测',
      'the ideograph zero': '测〇',
      'an ideograph outside the basic plane': '测\u{20BB7}',
      'a private-use character': '测\uE816',
      'parts divided by the middle dot': '测试\u00B7样本',
      'a Latin name with a space': 'Test Person',
      'a Latin name with hyphen, apostrophe and full stop': "T. Anna-Maria O'Test",
      'a Latin name with accents': 'Tést Pérson',
      Cyrillic: 'Тест Пример',
      'Tibetan with vowel signs': 'བོད་ཡིག',
      '64 characters': '测'.repeat(64),
      '64 characters outside the basic plane, which are 128 UTF-16 units': '\u{20BB7}'.repeat(64),
    };
    expect(everyName(names, checkPersonName)).toEqual(everyName(names, (value) => ({ ok: true, value })));
  });

  test('says of unified ideographs alone what its rules say of them', () => {
    // All but the stroke that stands for the dot, which is refused below.
    const ideographs = Array.from({ length: 0x9fa6 - 0x4e00 }, (_, i) => String.fromCharCode(0x4e00 + i));
    const plain = ideographs.filter((each) => each !== '\u4E36');
    for (let from = 0; from < plain.length; from += 30) {
      const name = plain.slice(from, from + 30).join('');
      // With a middle dot a name goes through all rules.
      for (const each of [name, `${name}\u00B7${name}`]) {
        expect(checkPersonName(each)).toEqual({ ok: true, value: each });
      }
    }
    expect(checkPersonName('测'.repeat(65))).toEqual({ ok: false, codes: ['name_too_long'] });
    expect(checkPersonName('测锟斤拷')).toEqual({ ok: false, codes: ['name_not_utf8'] });
  });

  test('writes every dot between Chinese characters as the middle dot U+00B7', () => {
    const dots = {
      'U+0387': '\u0387',
      'U+16EB': '\u16EB',
      'U+2022': '\u2022',
      'U+2024': '\u2024',
      'U+2027': '\u2027',
      'U+2219': '\u2219',
      'U+22C5': '\u22C5',
      'U+25CF': '\u25CF',
      'U+2E31': '\u2E31',
      'U+2E33': '\u2E33',
      'U+30FB': '\u30FB',
      'U+A78F': '\uA78F',
      'U+FF65': '\uFF65',
      'U+10101': '\u{10101}',
      'U+1427': '\u1427',
      'U+3002': '\u3002',
      'U+318D': '\u318D',
      'U+FE12': '\uFE12',
      'U+FE52': '\uFE52',
      'U+FF61': '\uFF61',
      'a full stop between Chinese characters': '.',
      'a full-width full stop between Chinese characters': '\uFF0E',
    };
    expect(everyName(dots, (dot) => checkPersonName(`测试${dot}样本`))).toEqual(
      everyName(dots, () => ({ ok: true, value: '测试\u00B7样本' })),
    );
  });

  test('writes every dot of a name with three parts as U+00B7', () => {
    expect(checkPersonName('测.试\u2022样.本')).toEqual({ ok: true, value: '测\u00B7试\u00B7样\u00B7本' });
  });

  test('leaves the full stop of a Latin initial alone', () => {
    expect(checkPersonName('J. Test')).toEqual({ ok: true, value: 'J. Test' });
  });

  test('composes decomposed characters', () => {
    expect(checkPersonName('Te\u0301st')).toEqual({ ok: true, value: 'T\u00E9st' });
  });

  test('unifies every compatibility ideograph as Unicode does, and keeps those that are ideographs of their own', () => {
    for (const [from, to] of [
      [0xf900, 0xfad9],
      [0x2f800, 0x2fa1d],
    ] as const) {
      for (let code = from; code <= to; code += 1) {
        const ideograph = String.fromCodePoint(code);
        if (!/\p{L}/u.test(ideograph)) continue; // two gaps in the block
        expect(checkPersonName(`${ideograph}测`)).toEqual({
          ok: true,
          value: `${ideograph.normalize('NFKC')}测`,
        });
      }
    }
  });

  test('folds every radical of KangXi to its ideograph', () => {
    for (let code = 0x2f00; code <= 0x2fd5; code += 1) {
      const radical = String.fromCodePoint(code);
      const ideograph = radical.normalize('NFKC');
      expect(ideograph).not.toBe(radical);
      const codes = ideograph === '\u4E36' ? { ok: false, codes: ['name_dot_spelling'] } : null;
      expect(checkPersonName(`测${radical}`)).toEqual(codes ?? { ok: true, value: `测${ideograph}` });
    }
  });

  test('folds a radical of the supplement to its ideograph', () => {
    const ideographs = {
      '\u2EE2': '马',
      '\u2EE9': '黄',
      '\u2EF0': '龙',
      '\u2EEC': '齐',
      '\u2EC4': '西',
      '\u2ED3': '长',
      '\u2ED8': '青',
      '\u2ECB': '车',
      '\u2EF3': '龟',
      '\u2EAE': '\u{25AD7}',
    };
    expect(
      Object.fromEntries(
        Object.keys(ideographs).map((radical) => [radical, checkPersonName(`${radical}测`)]),
      ),
    ).toEqual(everyName(ideographs, (ideograph) => ({ ok: true, value: `${ideograph}测` })));
  });

  test('folds or refuses every code point of the supplement', () => {
    const refused: string[] = [];
    for (let code = 0x2e80; code <= 0x2eff; code += 1) {
      const check = checkPersonName(`测${String.fromCodePoint(code)}`);
      if (check.ok) expect(check.value).toMatch(/^测[\u3400-\u9FFF\u{20000}-\u{2FFFF}]$/u);
      else refused.push(code.toString(16));
    }
    // U+2E80 has no ideograph, the others are not assigned.
    expect(refused).toEqual([
      '2e80',
      '2e9a',
      ...Array.from({ length: 12 }, (_, i) => (0x2ef4 + i).toString(16)),
    ]);
  });

  test('refuses every one of these, with all of its codes', () => {
    const refused: readonly [what: string, name: string, codes: readonly ValidationCode[]][] = [
      ['empty text', '', ['name_empty']],
      ['digits alone', '123', ['name_empty', 'name_digit']],
      ['65 characters', '测'.repeat(65), ['name_too_long']],
      ['a megabyte', '测'.repeat(1_000_000), ['name_too_long']],
      ['a leading space', ' 测试', ['name_space']],
      ['a trailing space', 'Test Person ', ['name_space']],
      ['two spaces', 'Test  Person', ['name_space']],
      ['a space between Chinese characters', '测 试', ['name_space']],
      ['a space beside the middle dot', '测试 \u00B7样本', ['name_space']],
      ['a no-break space', 'Test\u00A0Person', ['name_space']],
      ['an ideographic space', '测\u3000试', ['name_space']],
      ['a leading middle dot', '\u00B7测试', ['name_middle_dot']],
      ['a trailing middle dot', '测试\u30FB', ['name_middle_dot']],
      ['two middle dots', '测试\u2022\u00B7样本', ['name_middle_dot']],
      ['a line break', '测\n试', ['name_invisible_character']],
      ['a tab', 'Test\tPerson', ['name_invisible_character']],
      ['a NUL', '测\u0000试', ['name_invisible_character']],
      ['a line separator', '测\u2028试', ['name_invisible_character']],
      ['a right-to-left override', '测\u202E试', ['name_invisible_character']],
      ['a right-to-left isolate', '测\u2067试', ['name_invisible_character']],
      ['a zero-width space', '测\u200B试', ['name_invisible_character']],
      ['a byte order mark', '\uFEFF测试', ['name_invisible_character']],
      ['a soft hyphen', 'Te\u00ADst', ['name_invisible_character']],
      ['a Hangul filler', '测\u3164', ['name_invisible_character']],
      ['an unpaired surrogate', '测\uD842', ['name_invisible_character']],
      ['an emoji', '测\u{1F600}', ['name_symbol']],
      ['an emoji with a skin tone', '测\u{1F44B}\u{1F3FD}', ['name_symbol']],
      ['a flag', '测\u{1F1E8}\u{1F1F3}', ['name_symbol']],
      ['a keycap', '测1\u20E3', ['name_digit', 'name_symbol']],
      ['a wavy dash emoji', '测\u3030', ['name_symbol']],
      ['a family emoji', '测\u{1F468}\u200D\u{1F469}', ['name_invisible_character', 'name_symbol']],
      ['bytes that were no UTF-8', '\uFFFD\uFFFD\uFFFD\uFFFD', ['name_not_utf8']],
      ['GBK read as UTF-8', gbk('测试'), ['name_not_utf8']],
      ['GBK read as UTF-8, beside Latin', `Test ${gbk('样')}`, ['name_not_utf8']],
      ['UTF-8 read as Latin-1', Buffer.from('张三').toString('latin1'), ['name_not_utf8']],
      ['UTF-8 of an accent read as Latin-1', 'T\u00C3\u00A9st', ['name_not_utf8']],
      ['U+FFFD read as GBK', '锟斤拷测', ['name_not_utf8']],
      ['an HTML entity', '测试&middot;样本', ['name_encoded']],
      ['a numeric HTML entity', '测试&#183;样本', ['name_encoded']],
      ['a hexadecimal HTML entity', '&#x20BB7;测', ['name_encoded']],
      ['percent-encoding', '%E6%B5%8B%E8%AF%95', ['name_encoded']],
      ['an escape sequence', '\\u6d4b\\u8bd5', ['name_encoded']],
      ['a MIME encoded word', '=?UTF-8?B?5rWL6K+V?=', ['name_encoded']],
      ['a description of a character', '\u2FF0亻测', ['name_radical']],
      ['a stroke', '测\u31D4', ['name_radical']],
      ['U+4E36', '测试\u4E36样本', ['name_dot_spelling']],
      ['an ideographic comma', '测试\u3001样本', ['name_dot_spelling']],
      ['a full-width comma', '测试\uFF0C样本', ['name_dot_spelling']],
      ['a hyphen between Chinese characters', '测试-样本', ['name_dot_spelling']],
      ['a dash between Chinese characters', '测试\u2014样本', ['name_dot_spelling']],
      ['a Tibetan mark between Chinese characters', '测试\u0F0B样本', ['name_dot_spelling']],
      ['a full stop at the end', '测试.', ['name_dot_spelling']],
      ['an ideographic full stop at the end', '测试\u3002', ['name_dot_spelling']],
      ['two full stops', '测试..样本', ['name_dot_spelling']],
      ['a full stop between a Chinese character and a Latin letter', '测试.A', ['name_dot_spelling']],
      ['a full-width full stop in a Latin name', 'J\uFF0ETest', ['name_dot_spelling']],
      ['a question mark', '张?', ['name_mask']],
      ['a full-width question mark', '张\uFF1F', ['name_mask']],
      ['question marks alone', '??', ['name_empty', 'name_mask']],
      ['an asterisk', '张*', ['name_mask']],
      ['a full-width asterisk', '张\uFF0A三', ['name_mask']],
      ['a black circle', '张\u25CF', ['name_mask']],
      ['a black circle in the middle of three', '张\u25CF三', ['name_mask']],
      ['black circles', '欧阳\u25CF\u25CF', ['name_mask']],
      ['a white square', '张\u25A1', ['name_mask']],
      ['a black square', '张\u25A0', ['name_mask']],
      ['a geta mark', '张\u3013', ['name_mask']],
      ['a low line', '张_', ['name_mask']],
      ['the letter X', '张X', ['name_mask']],
      ['two letters x', '张xx', ['name_mask']],
      ['the letter X in the middle', '张X三', ['name_mask']],
      ['letters X alone', 'XXX', ['name_mask']],
      ['a digit', '测试2', ['name_digit']],
      ['a digit in a Latin name', 'Test 2nd', ['name_digit']],
      ['a full-width digit', '测试\uFF11', ['name_digit']],
      ['a digit in a circle', '测试\u2460', ['name_digit']],
      ['full-width letters', '\uFF34\uFF45st', ['name_full_width']],
      ['brackets', '测试(样本)', ['name_punctuation']],
      ['full-width brackets', '测试\uFF08样本\uFF09', ['name_punctuation']],
      ['an apostrophe beside a Chinese character', "测'试", ['name_punctuation']],
      ['an ellipsis', '测\u2026', ['name_punctuation']],
      ['a slash', '测/试', ['name_punctuation']],
      ['several mistakes', ' \u{1F600}', ['name_empty', 'name_symbol', 'name_space']],
    ];
    expect(refused.map(([what, name]) => [what, checkPersonName(name)])).toEqual(
      refused.map(([what, , codes]) => [what, { ok: false, codes }]),
    );
  });

  test('changes nothing about a name it has returned before', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        const once = checkPersonName(text);
        if (once.ok) expect(checkPersonName(once.value)).toEqual(once);
      }),
      { numRuns: 2000 },
    );
  });

  test('lets through no dot but U+00B7 and no mask, whatever stands around them', () => {
    const part = fc.constantFrom('测', '测试', '样本', 'A', 'Test', '\u2EE2', 'བོད');
    const between = fc.constantFrom(
      ...[
        '.',
        '\u3002',
        '\uFF61',
        '\u4E36',
        '\u2022',
        '\u30FB',
        '\u00B7',
        '\u25CF',
        '\u25A1',
        '*',
        '?',
        'X',
        '-',
      ],
      ...[
        '&middot;',
        '&#183;',
        '\u3001',
        '\uFF0C',
        '\uFF0A',
        '\u16EB',
        '\u{10101}',
        '\u0F0B',
        '\uFFFD',
        '7',
        '\uFF17',
      ],
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(part, between), { minLength: 1, maxLength: 4 }), part, (pairs, last) => {
        const check = checkPersonName(pairs.flat().concat(last).join(''));
        if (!check.ok) return;
        expect(check.value).toMatch(/^[\p{L}\p{M}\u00B7.\u0F0B-]+$/u);
        expect(check.value).not.toMatch(
          /\p{Script=Han}[^\p{L}\p{M}\u00B7]|[^\p{L}\p{M}\u00B7]\p{Script=Han}/u,
        );
      }),
      { numRuns: 3000 },
    );
  });

  test('refuses repeated patterns as long as it will normalize, without searching back and forth', () => {
    for (const unit of ['测.', 'a ', ' ', '\u00B7', 'e\u0301']) {
      expect(checkPersonName(unit.repeat(1024 / unit.length)).ok).toBe(false);
    }
  });
});
