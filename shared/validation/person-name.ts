import { foldRadicals } from './fold-radicals.ts';
import { findNameDamage, REPLACEMENTS_READ_AS_GBK } from './name-damage.ts';
import { DOT_SPELLING, UNSURE_DOT, writeMiddleDots } from './name-dots.ts';
import { type FieldCheck, failed, passed, type ValidationCode } from './validation-failure.ts';

/** Ours, not the upstream's: no register holds longer names, and it bounds what is sealed and sent. */
const LONGEST_NAME = 64;

/** Beyond this the name is too long however it composes, and is not normalized at all. UTF-16 units. */
const LONGEST_INPUT = 1024;

/** What people and exports put where a character is hidden, unknown, or was lost by a conversion. */
const MASK =
  '[*\uFF0A\uFE61\u2217\u204E\u203B?\uFF1F\uFE56\u00BF#\uFF03_\uFF3F~\uFF5E\u00D7\u2715\u2716\u3013' +
  '\u25A0-\u25A3\u25AA\u25AB\u25AF\u25FB\u25FC\u2588\u2592\u2593\u2610\u2B1B\u2B1C' +
  '\u25CB\u25CC\u25CE\u25CF\u25E6\u25EF\u26AA\u26AB\u2B24\u2B55]';
/** The letter X for a hidden ideograph, in Latin, full width, or Cyrillic. */
const LETTER_X = '[Xx\uFF38\uFF58\u0425\u0445]';

const RADICAL_OR_STROKE = '[\u2E80-\u2FFF\u31C0-\u31EF]';

/**
 * Punctuation that registers hold outside of Chinese names, of Latin, Tibetan, Hebrew and Mongolian spelling, and the
 * middle dot. Those of Latin never stand beside an ideograph; the ones that may have been meant as the dot have a rule
 * of their own.
 */
const PUNCTUATION = "[\u00B7.,'\u2019\\-\u2010\u2011\u0F0B\u0F0C\u05BE\u05F3\u05F4\u1806\u180A]";
const HAN = '\\p{Script=Han}';

/**
 * Rules by code, each matching a name that breaks it. Unassigned and private-use characters pass: rare ideographs of
 * real names are found there until every system knows their code point. The upstream judges the rest, and bills a
 * name that no register can hold as a mismatch: such names end here.
 */
const BROKEN_BY = {
  name_empty: /^\P{L}*$/u,
  name_invisible_character: /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
  name_radical: new RegExp(RADICAL_OR_STROKE, 'u'),
  name_mask: new RegExp(`${MASK}|${HAN}${LETTER_X}|${LETTER_X}${HAN}|^${LETTER_X}{2,}$`, 'u'),
  // U+3007 is the ideograph for zero, and a number to Unicode.
  name_digit: /(?!\u3007)\p{N}/u,
  name_full_width: /[\uFF21-\uFF3A\uFF41-\uFF5A]/u,
  name_symbol: new RegExp(`(?!${MASK}|${RADICAL_OR_STROKE})[\\p{S}\\p{Me}\\p{Extended_Pictographic}]`, 'u'),
  name_punctuation: new RegExp(
    `(?!${MASK}|${PUNCTUATION}|${UNSURE_DOT}|\\p{Extended_Pictographic})\\p{P}|${HAN}['\u2019]|['\u2019]${HAN}`,
    'u',
  ),
  name_dot_spelling: DOT_SPELLING,
  name_space: /^ | $| {2}|(?! )\p{Zs}|\p{Script=Han} \p{Script=Han}| \u00B7|\u00B7 /u,
  name_middle_dot: /^\u00B7|\u00B7$|\u00B7\u00B7/u,
} as const satisfies Partial<Record<ValidationCode, RegExp>>;

/**
 * Nearly every name: unified ideographs alone, of which no rule has anything to say, nor has normalization. U+4E36 is one that
 * stands for the dot.
 */
const PLAIN_CHINESE = new RegExp(`^[\\u4E00-\\u4E35\\u4E37-\\u9FA5]{1,${LONGEST_NAME}}$`);

const RULES = Object.keys(BROKEN_BY) as readonly (keyof typeof BROKEN_BY)[];

/**
 * Checks a person's name and brings it into the register's spelling: Unicode NFC, radicals folded to ideographs, what is
 * surely the dot between parts written as U+00B7. Nothing is trimmed; a name with stray spaces is refused.
 */
export function checkPersonName(text: string): FieldCheck<string> {
  if (text.length > LONGEST_INPUT) return failed('name_too_long');
  if (PLAIN_CHINESE.test(text) && !text.includes(REPLACEMENTS_READ_AS_GBK)) return passed(text);
  const damage = findNameDamage(text);
  if (damage !== null) return failed(damage);
  const name = writeMiddleDots(foldRadicals(text.normalize('NFC')));

  const codes: ValidationCode[] = RULES.filter((code) => BROKEN_BY[code].test(name));
  if ([...name].length > LONGEST_NAME) codes.push('name_too_long');
  return codes.length === 0 ? passed(name) : failed(...codes);
}
