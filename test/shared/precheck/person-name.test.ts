import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkPersonName } from '../../../shared/precheck/person-name.ts';
import type { PrecheckCode } from '../../../shared/precheck/precheck-failure.ts';

describe('checkPersonName', () => {
  test.each([
    ['two Chinese characters', '测试'],
    ['one Chinese character', '测'],
    ['the ideograph zero', '测〇'],
    ['an ideograph outside the basic plane', '测\u{20BB7}'],
    ['a private-use character', '测\uE816'],
    ['parts divided by the middle dot', '测试\u00B7样本'],
    ['a Latin name with a space', 'Test Person'],
    ['a Latin name with hyphen, apostrophe and full stop', "T. Anna-Maria O'Test"],
    ['a Latin name with accents', 'Tést Pérson'],
    ['Cyrillic', 'Тест Пример'],
    ['Tibetan with vowel signs', 'བོད་ཡིག'],
    ['64 characters', '测'.repeat(64)],
    ['64 characters outside the basic plane, which are 128 UTF-16 units', '\u{20BB7}'.repeat(64)],
  ])('accepts %s as it is', (_what, name) => {
    expect(checkPersonName(name)).toEqual({ ok: true, value: name });
  });

  test.each([
    ['U+0387', '\u0387'],
    ['U+16EB', '\u16EB'],
    ['U+2022', '\u2022'],
    ['U+2024', '\u2024'],
    ['U+2027', '\u2027'],
    ['U+2219', '\u2219'],
    ['U+22C5', '\u22C5'],
    ['U+25CF', '\u25CF'],
    ['U+2E31', '\u2E31'],
    ['U+2E33', '\u2E33'],
    ['U+30FB', '\u30FB'],
    ['U+A78F', '\uA78F'],
    ['U+FF65', '\uFF65'],
    ['U+10101', '\u{10101}'],
    ['a full stop between Chinese characters', '.'],
    ['a full-width full stop between Chinese characters', '\uFF0E'],
  ])('writes %s as the middle dot U+00B7', (_what, dot) => {
    expect(checkPersonName(`测试${dot}样本`)).toEqual({ ok: true, value: '测试\u00B7样本' });
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

  test('unifies compatibility ideographs', () => {
    expect(checkPersonName('\uF90A测')).toEqual({ ok: true, value: '\u91D1测' });
  });

  test.each<[what: string, name: string, codes: readonly PrecheckCode[]]>([
    ['empty text', '', ['name_empty']],
    ['digits alone', '123', ['name_empty']],
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
    ['a keycap', '测1\u20E3', ['name_symbol']],
    ['a wavy dash emoji', '测\u3030', ['name_symbol']],
    ['a family emoji', '测\u{1F468}\u200D\u{1F469}', ['name_invisible_character', 'name_symbol']],
    ['several mistakes', ' \u{1F600}', ['name_empty', 'name_symbol', 'name_space']],
  ])('refuses %s', (_what, name, codes) => {
    expect(checkPersonName(name)).toEqual({ ok: false, codes });
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

  test('refuses repeated patterns as long as it will normalize, without searching back and forth', () => {
    for (const unit of ['测.', 'a ', ' ', '\u00B7', 'e\u0301']) {
      expect(checkPersonName(unit.repeat(1024 / unit.length)).ok).toBe(false);
    }
  });
});
