import { apiPageCodes, commonCodes } from './codes.ts';
import { isIdNumber, isTestNumber, syntheticIdNumber } from './id-number.ts';
import { type Fault, PlannedResult, UNREADABLE_FAULTS } from './planned-result.ts';

/** One test person: who they are, and what the calls about them are answered, one by one; the last answer repeats. */
export interface Person {
  readonly idCard: string;
  readonly name: string;
  /** What this person is for, in a few words. */
  readonly purpose: string;
  readonly results: readonly [PlannedResult, ...PlannedResult[]];
}

// They were all born on one day in a place that does not exist, and are named after the places of the sixty-year cycle, so
// no row can be taken for a real person. Rows are only ever appended to their group, so that a number keeps its meaning.

const BIRTH = '19900101';

const REGIONS = { matching: 1, documented: 2, otherCarrier: 3, common: 4, course: 5, fault: 6 } as const;

const STEMS = '甲乙丙丁戊己庚辛壬癸';
const BRANCHES = '子丑寅卯辰巳午未申酉戌亥';

function syntheticName(index: number): string {
  return `测试${STEMS.charAt(index % STEMS.length)}${BRANCHES.charAt(index % BRANCHES.length)}`;
}

type PlannedInput = Parameters<typeof PlannedResult.parse>[0] & object;

interface Row {
  readonly purpose: string;
  readonly results: readonly [PlannedInput, ...PlannedInput[]];
}

function group(region: number, rows: readonly Row[]): readonly Person[] {
  return rows.map(({ purpose, results: [first, ...rest] }, index) => ({
    idCard: syntheticIdNumber(region, BIRTH, index + 1),
    name: syntheticName(index),
    purpose,
    results: [PlannedResult.parse(first), ...rest.map((result) => PlannedResult.parse(result))],
  }));
}

/** The person of the API page's examples. The number fails its own check digit and its bearer was born in 1654. */
const exampleOfTheApiPage: Person = {
  idCard: '11204416541220243X',
  name: 'Wei Xiaobao',
  purpose: 'The first example of the API page',
  results: [PlannedResult.parse({ sim: 89.88 })],
};

const matching = group(REGIONS.matching, [
  { purpose: 'Matches', results: [{}] },
  { purpose: 'Matches exactly', results: [{ sim: 100 }] },
  { purpose: 'Matches, just', results: [{ sim: 70 }] },
  {
    purpose: 'Matches, with as few fields as an answer can have',
    results: [{ omit: ['Description', 'Sim'] }],
  },
  { purpose: 'Matches, with a null similarity', results: [{ sim: null }] },
]);

const documented = group(
  REGIONS.documented,
  Object.keys(apiPageCodes)
    .filter((code) => code !== 'Success')
    .map((code) => ({ purpose: `Is answered ${code}`, results: [{ code }] })),
);

const otherCarrier = group(
  REGIONS.otherCarrier,
  Object.entries(apiPageCodes)
    .filter(([code]) => code.startsWith('FailedOperation.'))
    .map(([code, row]) => {
      const carrier = row.carrier === 'result' ? 'error' : 'result';
      const place = carrier === 'error' ? 'Response.Error' : 'Response.Result';
      return { purpose: `Is answered ${code} in ${place}`, results: [{ code, carrier }] };
    }),
);

const common = group(
  REGIONS.common,
  Object.keys(commonCodes).map((code) => ({ purpose: `Is answered ${code}`, results: [{ code }] })),
);

const COMPARE_ERROR = { code: 'FailedOperation.CompareSystemError' } as const;
const LIMIT_EXCEEDED = { code: 'FailedOperation.IdentityAuthLimitExceeded' } as const;

const course = group(REGIONS.course, [
  { purpose: 'Matches after two transient errors', results: [COMPARE_ERROR, COMPARE_ERROR, {}] },
  {
    purpose: 'Does not match after two transient errors',
    results: [COMPARE_ERROR, { code: 'InternalError' }, { code: 'FailedOperation.CompareLowSimilarity' }],
  },
  { purpose: 'Matches once the daily limit has passed', results: [LIMIT_EXCEEDED, LIMIT_EXCEEDED, {}] },
  { purpose: 'Matches after the comparison library is back', results: [libraryDown(), libraryDown(), {}] },
  { purpose: 'Matches, after one second', results: [{ latencyMs: 1000 }] },
  { purpose: 'Matches, after five seconds', results: [{ latencyMs: 5000 }] },
  { purpose: 'Is answered a code in no list, of a known family', results: [{ code: 'FailedOperation.New' }] },
  { purpose: 'Is answered a code in no list', results: [{ code: 'Unheard.Of' }] },
  { purpose: 'Has no similarity and no RequestId in a mismatch', results: [mismatchWithout()] },
]);

function libraryDown(): PlannedInput {
  return { code: 'FailedOperation.CompareLibServiceUnavailable' };
}

function mismatchWithout(): PlannedInput {
  return { code: 'FailedOperation.IdNameMisMatch', omit: ['Sim', 'RequestId'] };
}

function always(fault: Fault): Row {
  return { purpose: `Every call: ${fault}`, results: [{ fault }] };
}

function once(fault: Fault): Row {
  return { purpose: `First call: ${fault}; then matches`, results: [{ fault }, {}] };
}

const faults = group(REGIONS.fault, [
  ...UNREADABLE_FAULTS.map(once),
  ...UNREADABLE_FAULTS.map(always),
  always('hang'),
  always('slow_first_byte'),
  always('slow_body'),
  always('huge'),
]);

/**
 * The table of test people. A number of the test range that is not in it matches, with any name, if it passes its
 * checks. Any other number may be a real person's: the sandbox has no answer for it.
 */
export const people: readonly Person[] = [
  exampleOfTheApiPage,
  ...matching,
  ...documented,
  ...otherCarrier,
  ...common,
  ...course,
  ...faults,
];

const byIdCard: ReadonlyMap<string, Person> = new Map(people.map((person) => [person.idCard, person]));

/** Whether a well-formed number may be a real person's. A malformed one belongs to no person. */
export function isStranger(idCard: string): boolean {
  return isIdNumber(idCard) && !isTestNumber(idCard) && !byIdCard.has(idCard);
}

export function findPerson(idCard: string): Person | undefined {
  return byIdCard.get(idCard);
}
