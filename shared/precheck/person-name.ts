import { type FieldCheck, failed, type PrecheckCode, passed } from './precheck-failure.ts';

/** The one dot of Chinese registers between the parts of a name: MIDDLE DOT. */
const MIDDLE_DOT = '\u00B7';

/**
 * Characters that keyboards and older systems produce where the register has U+00B7. U+0387 GREEK ANO TELEIA needs
 * no row: NFC turns it into U+00B7.
 */
const MIDDLE_DOT_LOOK_ALIKES = [
  '\u16EB', // RUNIC SINGLE PUNCTUATION
  '\u2022', // BULLET
  '\u2024', // ONE DOT LEADER
  '\u2027', // HYPHENATION POINT
  '\u2219', // BULLET OPERATOR
  '\u22C5', // DOT OPERATOR
  '\u25CF', // BLACK CIRCLE
  '\u2E31', // WORD SEPARATOR MIDDLE DOT
  '\u2E33', // RAISED DOT
  '\u30FB', // KATAKANA MIDDLE DOT
  '\uA78F', // LATIN LETTER SINOLOGICAL DOT
  '\uFF65', // HALFWIDTH KATAKANA MIDDLE DOT
  '\u{10101}', // AEGEAN WORD SEPARATOR DOT
] as const;

const LOOK_ALIKE = new RegExp(`[${MIDDLE_DOT_LOOK_ALIKES.join('')}]`, 'gu');

/** FULL STOP and FULLWIDTH FULL STOP mean the middle dot between Chinese characters only: "J. Smith" keeps its own. */
const FULL_STOP_BETWEEN_HAN = /(?<=\p{Script=Han})[.\uFF0E](?=\p{Script=Han})/gu;

/** Ours, not the upstream's: no register holds longer names, and it bounds what is sealed and sent. */
const LONGEST_NAME = 64;

/** Beyond this the name is too long however it composes, and is not normalized at all. UTF-16 units. */
const LONGEST_INPUT = 1024;

/**
 * Rules by code, each matching a name that breaks it. Unassigned and private-use characters pass: rare ideographs of
 * real names are found there until every system knows their code point. The upstream judges the rest.
 */
const BROKEN_BY = {
  name_empty: /^\P{L}*$/u,
  name_invisible_character: /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
  name_symbol: /[\p{S}\p{Me}\p{Extended_Pictographic}]/u,
  name_space: /^ | $| {2}|(?! )\p{Zs}|\p{Script=Han} \p{Script=Han}| \u00B7|\u00B7 /u,
  name_middle_dot: /^\u00B7|\u00B7$|\u00B7\u00B7/u,
} as const satisfies Partial<Record<PrecheckCode, RegExp>>;

const RULES = Object.keys(BROKEN_BY) as readonly (keyof typeof BROKEN_BY)[];

/**
 * Checks a person's name and brings it into the register's spelling: Unicode NFC, middle dot look-alikes mapped to
 * U+00B7. Nothing is trimmed; a name with stray spaces is refused.
 */
export function checkPersonName(text: string): FieldCheck<string> {
  if (text.length > LONGEST_INPUT) return failed('name_too_long');
  const name = text
    .normalize('NFC')
    .replace(LOOK_ALIKE, MIDDLE_DOT)
    .replace(FULL_STOP_BETWEEN_HAN, MIDDLE_DOT);

  const codes: PrecheckCode[] = RULES.filter((code) => BROKEN_BY[code].test(name));
  if ([...name].length > LONGEST_NAME) codes.push('name_too_long');
  return codes.length === 0 ? passed(name) : failed(...codes);
}
