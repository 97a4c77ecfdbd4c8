import { DAY_MS } from '../../shared/time-units.ts';
import { computeCheckDigit } from '../../shared/validation/id-card.ts';

/** What can be had from the sandbox, by the person of its list who gets it. Their numbers keep their meaning. */
const people = {
  'no-match': { idCard: '990002199001010036', name: '测试丙寅', what: 'no_match' },
  'wrong-name': { idCard: '990002199001010079', name: '测试庚午', what: 'unverifiable, check_identity' },
  'no-face': { idCard: '990002199001010159', name: '测试戊寅', what: 'unverifiable, resubmit_photo' },
  'unknown-number': {
    idCard: '990002199001010087',
    name: '测试辛未',
    what: 'unverifiable, contact_registry',
  },
  error: { idCard: '990002199001010239', name: '测试丙戌', what: 'error, contact_support' },
} as const;

export type Scenario = 'match' | keyof typeof people;
export const scenarios = ['match', ...Object.keys(people)] as readonly Scenario[];

/** One line each, for the help. */
export const scenarioHelp: readonly string[] = [
  'match           match; another person each time',
  ...Object.entries(people).map(([name, { what }]) => `${name.padEnd(15)} ${what}`),
];

const REGION = '999100';
const BIRTHDAYS = 20_000;
const SEQUENCES = 1_000;
const FIRST_BIRTHDAY_MS = Date.UTC(1950, 0, 1);

/**
 * The person of the sandbox who gets this answer. For a match it is one of 20 million, because the upstream wants few
 * calls about one person in a day.
 *
 * @param random in [0, 1)
 */
export function pickTestPerson(
  scenario: Scenario,
  random: () => number,
): { readonly idCard: string; readonly name: string } {
  if (scenario !== 'match') {
    const { idCard, name } = people[scenario];
    return { idCard, name };
  }
  const birthday = new Date(FIRST_BIRTHDAY_MS + Math.floor(random() * BIRTHDAYS) * DAY_MS);
  const date = birthday.toISOString().slice(0, 10).replaceAll('-', '');
  const sequence = String(Math.floor(random() * SEQUENCES)).padStart(3, '0');
  const digits = `${REGION}${date}${sequence}`;
  return { idCard: `${digits}${computeCheckDigit(digits)}`, name: '测试甲子' };
}
