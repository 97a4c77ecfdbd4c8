import { describe, expect, it } from 'vitest';
import { loadTestIdNumber } from '../../sandbox/id-number.ts';
import { PersonLimit } from '../../sandbox/person-limit.ts';
import { startSandbox } from './sandbox-under-test.ts';
import { callApi, codeOf, question } from './signed-request.ts';

const ONE = loadTestIdNumber(5);
const OTHER = loadTestIdNumber(6);

/** 2027-01-15T23:50:00+08:00. */
const EVENING = Date.UTC(2027, 0, 15, 15, 50);
const MINUTE_MS = 60_000;

function allowed(limit: PersonLimit, idCard: string, attempts: number, at: number): number {
  return Array.from({ length: attempts }, () => limit.take(idCard, at)).filter(Boolean).length;
}

describe('the limit on attempts about one person', () => {
  it('allows 15 in a minute, and 15 more in the next', () => {
    const limit = new PersonLimit();
    expect(allowed(limit, ONE, 40, EVENING)).toBe(15);
    expect(allowed(limit, ONE, 1, EVENING + MINUTE_MS - 1)).toBe(0);
    expect(allowed(limit, ONE, 40, EVENING + MINUTE_MS)).toBe(15);
  });

  it('allows 30 in a day, until midnight in China', () => {
    const limit = new PersonLimit();
    expect(allowed(limit, ONE, 20, EVENING)).toBe(15);
    expect(allowed(limit, ONE, 20, EVENING + MINUTE_MS)).toBe(15);
    expect(allowed(limit, ONE, 20, EVENING + 9 * MINUTE_MS)).toBe(0);
    expect(allowed(limit, ONE, 20, EVENING + 10 * MINUTE_MS)).toBe(15);
  });

  it('is each person’s own', () => {
    const limit = new PersonLimit();
    allowed(limit, ONE, 15, EVENING);
    expect(allowed(limit, OTHER, 1, EVENING)).toBe(1);
  });
});

describe.each([
  [true, 'FailedOperation.IdentityAuthLimitExceeded'],
  [false, 'Success'],
])('a sandbox with perIdLimits %s', (perIdLimits, expected) => {
  it(`answers the 16th call of a minute ${expected}`, async () => {
    const sandbox = await startSandbox({ perIdLimits, now: () => EVENING });
    const details = { payload: question(ONE), timestampS: EVENING / 1000 };
    const codes: (string | undefined)[] = [];
    for (let call = 0; call < 16; call += 1) codes.push(codeOf(await callApi(sandbox.port, details)));
    await sandbox.close();
    expect(codes).toEqual([...Array.from({ length: 15 }, () => 'Success'), expected]);
  });
});
