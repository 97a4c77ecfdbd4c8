import { loadTestIdNumber } from '../../sandbox/id-number.ts';
import { type Person, people } from '../../sandbox/people.ts';
import { computeExpectation, type Expectation } from './expectation.ts';

/** One part to be played: who is asked about, and how it has to end. */
export interface Case {
  readonly idCard: string;
  readonly name: string;
  /** In a few words. */
  readonly purpose: string;
  readonly expected: Expectation;
}

/** People in no table match. So many of them keep the lane busy long enough for its quota to be seen. */
const UNLISTED = 90;

/**
 * Of those who fail every time, so many. A lane slows down when 16 of its last 20 attempts fail: what it then does is right, and no
 * demonstration of speed.
 */
const HOPELESS = 2;

/** The slowest answer that is waited for. */
const PATIENCE_MS = 1_000;

/**
 * Everybody of the sandbox's table who gets an answer within seconds. Left out are those whose answers hold or slow the lane or
 * put off until tomorrow: they are what tests are for.
 */
export function chooseCases(retriesAllowed: number): readonly Case[] {
  const listed = people.flatMap((person) => toCase(person, retriesAllowed));
  const hopeless = listed.filter(({ expected }) => expected.attempts > retriesAllowed).slice(HOPELESS);
  const unlisted = Array.from({ length: UNLISTED }, (_, index) => makeUnlisted(index, retriesAllowed));
  return interleave(
    listed.filter((each) => !hopeless.includes(each)),
    unlisted,
  );
}

function toCase(person: Person, retriesAllowed: number): Case[] {
  const { idCard, name, purpose, results } = person;
  const slowest = Math.max(...results.map(({ latencyMs }) => latencyMs ?? 0));
  const expected = computeExpectation(results, retriesAllowed);
  if (expected === null || slowest > PATIENCE_MS || isExampleOfTheApiPage(person)) return [];
  return [{ idCard, name, purpose, expected }];
}

/** The number in the API page's example fails its own check digit, which validation refuses. */
const isExampleOfTheApiPage = ({ idCard }: Person): boolean => !idCard.startsWith('99');

function makeUnlisted(index: number, retriesAllowed: number): Case {
  const expected = computeExpectation([{ code: 'Success' }], retriesAllowed);
  if (expected === null) throw new RangeError('Success must be final');
  return { idCard: loadTestIdNumber(index), name: '测试甲', purpose: 'Is in no table and matches', expected };
}

/** Spreads the second group evenly among the first, and ends with what is left of it. */
function interleave<T>(first: readonly T[], second: readonly T[]): readonly T[] {
  const share = Math.floor(second.length / first.length);
  const mixed = first.flatMap((one, i) => [one, ...second.slice(i * share, (i + 1) * share)]);
  return [...mixed, ...second.slice(first.length * share)];
}
