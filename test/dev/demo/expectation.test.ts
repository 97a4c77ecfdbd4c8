import { describe, expect, it } from 'vitest';
import { chooseCases } from '../../../dev/demo/cases.ts';
import { computeExpectation } from '../../../dev/demo/expectation.ts';

const RETRIES = 2;
const BUSY = { code: 'FailedOperation.CompareSystemError' };
const MATCH = { code: 'Success' };

describe('what is expected of a person', () => {
  it.each([
    ['matches', [MATCH], { verdict: 'match', code: 'Success', attempts: 1 }],
    [
      'is refused for the photo',
      [{ code: 'FailedOperation.LifePhotoDetectFake' }],
      { verdict: 'unverifiable', code: 'FailedOperation.LifePhotoDetectFake', attempts: 1 },
    ],
    ['matches at the last try', [BUSY, BUSY, MATCH], { verdict: 'match', code: 'Success', attempts: 3 }],
    [
      'would match one try later',
      [BUSY, BUSY, BUSY, MATCH],
      { verdict: 'error', code: BUSY.code, attempts: 3 },
    ],
    ['never works', [BUSY], { verdict: 'error', code: BUSY.code, attempts: 3 }],
    [
      'breaks the connection once',
      [{ ...MATCH, fault: 'reset' as const }, MATCH],
      { verdict: 'match', code: 'Success', attempts: 2 },
    ],
    ['always breaks the connection', [{ ...MATCH, fault: 'reset' as const }], null],
    ['never answers', [{ ...MATCH, fault: 'hang' as const }, MATCH], null],
    ['holds the lane', [{ code: 'UnauthorizedOperation.Arrears' }, MATCH], null],
    ['is put off until tomorrow', [{ code: 'FailedOperation.IdentityAuthLimitExceeded' }, MATCH], null],
  ])('who %s', (_who, results, expected) => {
    expect(computeExpectation(results, RETRIES)).toEqual(expected);
  });
});

describe('the cases', () => {
  const cases = chooseCases(5);

  it('has at least sixty people, each once', () => {
    expect(new Set(cases.map(({ idCard }) => idCard)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it('ends in every verdict, and has some who need more than one attempt', () => {
    expect(new Set(cases.map(({ expected }) => expected.verdict))).toEqual(
      new Set(['match', 'no_match', 'unverifiable', 'error']),
    );
    expect(cases.filter(({ expected }) => expected.attempts > 1).length).toBeGreaterThan(5);
  });

  it('cannot slow the lane down', () => {
    // 16 failures among 20 attempts would; the hopeless alone must not get there.
    const failures = cases.filter(({ expected }) => expected.attempts === 6).length * 6;
    expect(failures).toBeLessThan(16);
  });
});
