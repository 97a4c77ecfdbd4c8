import type { ValidationCode } from './validation-failure.ts';

/** UTF-8 of two U+FFFD, read as GBK: damage that was saved and converted once more. */
export const REPLACEMENTS_READ_AS_GBK = '锟斤拷';

/** HTML entities, percent-encoding, JavaScript and JSON escapes, and MIME encoded words (RFC 2047). */
const ENCODED =
  /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,31}\d{0,2});|%[\da-f]{2}|\\u\{?[\da-f]{2}|\\x[\da-f]{2}|=\?[\w-]{2,40}\?[bq]\?/i;

/**
 * Finds what was done to a text on its way here. Such a text is not the name, so the rules about names say nothing of
 * it: their sentences would hide the reason.
 */
export function findNameDamage(text: string): ValidationCode | null {
  if (text.includes('\uFFFD') || text.includes(REPLACEMENTS_READ_AS_GBK) || isUtf8ReadAsLatin1(text)) {
    return 'name_not_utf8';
  }
  return ENCODED.test(text) ? 'name_encoded' : null;
}

/** `å¼ ä¸‰` for 张三: each byte of the UTF-8 has become a character. No name has such a sequence of Latin-1. */
function isUtf8ReadAsLatin1(text: string): boolean {
  if (!/^[\0-\u00FF]*$/.test(text) || !/[\u0080-\u00FF]/.test(text)) return false;
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes);
}
