/** GB 11643-1999, annex A: the weights of ISO 7064 MOD 11-2 for the first 17 digits. */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
const CHECK_CHARACTERS = '10X98765432';

/** The check character of the 17 digits before it. */
function checkCharacter(first17: string): string {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(first17[index]), 0);
  return CHECK_CHARACTERS.charAt(sum % 11);
}

/** 17 digits, a birth date that exists, and the right check character. */
export function isIdNumber(text: string): boolean {
  if (!/^\d{17}[\dX]$/.test(text)) return false;
  return isDate(text.slice(6, 14)) && checkCharacter(text) === text[17];
}

function isDate(yyyymmdd: string): boolean {
  const iso = `${yyyymmdd.slice(0, 4)}-${yyyymmdd.slice(4, 6)}-${yyyymmdd.slice(6)}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
}

/** Division codes beginning with 99 do not exist: not for residents, nor behind the 9 of a foreigner's card. */
const TEST_DIVISION = '99';

/** Whether a number lies in the range that is set aside for made-up people. */
export function isTestNumber(text: string): boolean {
  return text.startsWith(TEST_DIVISION);
}

/**
 * A number that passes every check and cannot belong to a real person: division codes beginning with 99 do not exist.
 *
 * @param region the last four of the six digits of the division code, 0 to 9999
 * @param birth `YYYYMMDD`
 * @param sequence 0 to 999
 */
export function syntheticIdNumber(region: number, birth: string, sequence: number): string {
  const first17 = `${TEST_DIVISION}${String(region).padStart(4, '0')}${birth}${String(sequence).padStart(3, '0')}`;
  return first17 + checkCharacter(first17);
}

const LOAD_REGION = 9000;
const FIRST_BIRTHDAY_MS = Date.UTC(1950, 0, 1);

/** The `index`th of 20 million people who are in no table and therefore match: for load tests, which need many. */
export function loadTestIdNumber(index: number): string {
  const birthday = new Date(FIRST_BIRTHDAY_MS + (Math.floor(index / 1000) % 20_000) * 86_400_000);
  return syntheticIdNumber(
    LOAD_REGION,
    birthday.toISOString().slice(0, 10).replaceAll('-', ''),
    index % 1000,
  );
}
