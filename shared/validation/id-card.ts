import { chinaDay } from '../china-time.ts';
import { type FieldCheck, failed, passed, type ValidationCode } from './validation-failure.ts';

/** GB 11643-1999, section 4.2: weights 2^(18-i) mod 11 for i = 1..17. */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** ISO 7064 MOD 11-2: the check character by the weighted sum mod 11. */
const CHECK_DIGITS = '10X98765432';

/** No living person was born earlier; an earlier year is a typing error. */
const EARLIEST_BIRTH_YEAR = 1900;

export interface IdCardOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /**
   * Lets numbers made for documentation through: a wrong check digit and a birth year before 1900. The API page's
   * own example, `11204416541220243X`, has both (its bearer would be born in 1654). Off outside of trials.
   */
  readonly allowCheckDigitFailure: boolean;
}

/**
 * Checks an 18-digit Chinese resident ID number (GB 11643-1999).
 *
 * The only change made to the value: a final lower-case `x` is upper-cased. Nothing is trimmed, and full-width
 * digits are refused rather than folded: the number is an identity, and a client that holds it in two spellings
 * should learn so. The region (positions 1 to 6) is not checked, because numbers keep codes of regions that have
 * since been renamed or dissolved.
 */
export function checkIdCard(text: string, options: IdCardOptions): FieldCheck<string> {
  if (/^[0-9]{15}$/.test(text)) return failed('id_card_fifteen_digits');
  if (text.length !== 18) return failed('id_card_length');
  if (!/^[0-9]{17}[0-9Xx]$/.test(text)) return failed('id_card_characters');

  const idCard = text.toUpperCase();
  const codes: ValidationCode[] = [...checkBirthDate(idCard.slice(6, 14), options)];
  if (!options.allowCheckDigitFailure && idCard[17] !== computeCheckDigit(idCard)) {
    codes.push('id_card_check_digit');
  }
  return codes.length === 0 ? passed(idCard) : failed(...codes);
}

/** @param digits at least 17 digits; what follows the 17th is ignored */
export function computeCheckDigit(digits: string): string {
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  return CHECK_DIGITS.charAt(sum % 11);
}

function checkBirthDate(yyyymmdd: string, options: IdCardOptions): readonly ValidationCode[] {
  const tooEarly = Number(yyyymmdd.slice(0, 4)) < EARLIEST_BIRTH_YEAR && !options.allowCheckDigitFailure;
  if (tooEarly || !isCalendarDate(yyyymmdd)) return ['id_card_birth_date'];
  // A child registered in China today has today's date there as its birth date.
  const today = chinaDay(options.now).replaceAll('-', '');
  return yyyymmdd > today ? ['id_card_birth_date_in_future'] : [];
}

/** Years below 100 are never real: Date.UTC moves them to 1900 and later, so the comparison fails. */
function isCalendarDate(yyyymmdd: string): boolean {
  const [year, month, day] = [yyyymmdd.slice(0, 4), yyyymmdd.slice(4, 6), yyyymmdd.slice(6, 8)].map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
