/** The one dot of Chinese registers between the parts of a name: MIDDLE DOT. */
const MIDDLE_DOT = '\u00B7';

/**
 * Characters that mean nothing else in a name than the dot, wherever they stand. U+0387 GREEK ANO TELEIA needs no row:
 * NFC turns it into U+00B7.
 */
const ALWAYS_THE_DOT = [
  '\u16EB', // RUNIC SINGLE PUNCTUATION
  '\u2022', // BULLET
  '\u2024', // ONE DOT LEADER
  '\u2027', // HYPHENATION POINT
  '\u2219', // BULLET OPERATOR
  '\u22C5', // DOT OPERATOR
  '\u2E31', // WORD SEPARATOR MIDDLE DOT
  '\u2E33', // RAISED DOT
  '\u30FB', // KATAKANA MIDDLE DOT
  '\uA78F', // LATIN LETTER SINOLOGICAL DOT
  '\uFF65', // HALFWIDTH KATAKANA MIDDLE DOT
  '\u{10101}', // AEGEAN WORD SEPARATOR DOT
] as const;

/** Characters that are the dot between two ideographs, and something else elsewhere: "J. Smith" keeps its full stop. */
const THE_DOT_BETWEEN_IDEOGRAPHS = [
  '.', // FULL STOP
  '\u1427', // CANADIAN SYLLABICS FINAL MIDDLE DOT
  '\u3002', // IDEOGRAPHIC FULL STOP, which a Chinese keyboard gives for the full stop
  '\u318D', // HANGUL LETTER ARAEA, which a Korean keyboard gives for the middle dot
  '\uFE12', // PRESENTATION FORM FOR VERTICAL IDEOGRAPHIC FULL STOP
  '\uFE52', // SMALL FULL STOP
  '\uFF0E', // FULLWIDTH FULL STOP
  '\uFF61', // HALFWIDTH IDEOGRAPHIC FULL STOP
] as const;

const HAN = '\\p{Script=Han}';
const ANYWHERE = new RegExp(`[${ALWAYS_THE_DOT.join('')}]`, 'gu');
const BETWEEN = new RegExp(`(?<=${HAN})[${THE_DOT_BETWEEN_IDEOGRAPHS.join('')}](?=${HAN})`, 'gu');

/**
 * BLACK CIRCLE is the dot in older exports, and a mask in others (张●三). With two ideographs on either side it is the
 * dot: no mask hides the middle one of five.
 */
const CIRCLE = new RegExp(`(?<=${HAN}{2})\u25CF(?=${HAN}{2})`, 'gu');

/**
 * What is left of these was meant as the dot, or was not; nothing shows which. U+4E36 is an ideograph that no register
 * holds in a name.
 */
export const UNSURE_DOT = '[\u2012-\u2015\u3001\u3002\u4E36\uFE12\uFE52\uFF0C-\uFF0E\uFF61\uFF64]';

/** Of other scripts, where they stand for something else; beside an ideograph they can only have been meant as the dot. */
const UNSURE_BESIDE_HAN = '[.,\\-\u0F0B\u0F0C\u119E\u1427\u2010\u2011\u318D\uA4F8]';

/** Matches a name that {@link writeMiddleDots} returned, and that holds another spelling of the dot. */
export const DOT_SPELLING = new RegExp(
  `${UNSURE_DOT}|${HAN}${UNSURE_BESIDE_HAN}|${UNSURE_BESIDE_HAN}${HAN}`,
  'u',
);

/** @returns the name, in which each spelling that is surely the dot is U+00B7 */
export function writeMiddleDots(name: string): string {
  return name.replace(ANYWHERE, MIDDLE_DOT).replace(BETWEEN, MIDDLE_DOT).replace(CIRCLE, MIDDLE_DOT);
}
