import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiPageCodes, commonCodes } from '../../sandbox/codes.ts';
import { people } from '../../sandbox/people.ts';
import type { VerificationEvent } from '../../shared/contract/verification.ts';
import { ledgerDay } from '../../shared/store/usage/ledger.ts';
import { type Chain, startChain } from '../support/chain.ts';
import type { TestPerson } from '../support/person.ts';
import {
  type Expected,
  finishedAtOnce,
  retriedFruitlessly,
  waitedForAccount,
  waitedForMaintenance,
  waitedForPace,
  waitedForTomorrow,
} from './expected-outcomes.ts';

const RETRIES = 2;

interface Case {
  readonly code: string;
  readonly carrier: string;
  readonly expected: Expected;
  readonly calls: number;
  readonly person: TestPerson;
}

/** All people who are always answered this code: in the place the sandbox thinks it has, and in the other one. */
function casesOf(code: string, expected: Expected, calls: number): Case[] {
  return people
    .filter(
      ({ results }) => results.length === 1 && results[0].code === code && results[0].fault === undefined,
    )
    .filter(({ purpose }) => purpose.startsWith('Is answered') || purpose === 'Matches')
    .map((person) => ({
      code,
      carrier: person.results[0].carrier ?? 'its usual place',
      expected,
      calls,
      person,
    }));
}

const finished = Object.entries(finishedAtOnce).flatMap(([code, expected]) => casesOf(code, expected, 1));
const retried = Object.entries(retriedFruitlessly).flatMap(([code, expected]) =>
  casesOf(code, expected, 1 + RETRIES),
);

let chain: Chain;
const events = new Map<Case, Promise<VerificationEvent>>();

/**
 * A lane slows down when 16 of the last 20 attempts fail. Batches of two that fail three times each and at least six that are
 * answered cannot get there, in whatever order their calls arrive.
 */
async function submitInBatches(): Promise<void> {
  const [left, failing] = [[...finished], [...retried]];
  const share = Math.floor(finished.length / Math.ceil(retried.length / 2));
  while (left.length + failing.length > 0) {
    const batch = [...failing.splice(0, 2), ...left.splice(0, failing.length > 0 ? share : left.length)];
    for (const one of batch) events.set(one, submitted(one));
    await Promise.allSettled(batch.map((one) => events.get(one)));
  }
}

async function submitted({ person }: Case): Promise<VerificationEvent> {
  const { id } = await chain.submit(person);
  return chain.receiver.eventOf(id, 10_000);
}

beforeAll(async () => {
  chain = await startChain({ environment: { RETRIES: String(RETRIES) } });
  await submitInBatches();
});
afterAll(() => chain?.stop());

async function billingInLedger(code: string): Promise<string[]> {
  const ledger = await chain.redis.hgetall(chain.keys.ledger(ledgerDay(Date.now())));
  return Object.keys(ledger)
    .filter((field) => field.split('|')[1] === code)
    .map((field) => field.split('|')[2] ?? '');
}

describe('a verification', () => {
  it.each(finished)('answered $code in $carrier is $expected.0, after one call', async (one) => {
    const [verdict, action, billed] = one.expected;
    const { type, data } = await (events.get(one) as Promise<VerificationEvent>);
    expect(data.outcome).toMatchObject({
      code: one.code,
      verdict,
      action,
      billed: billed === 'billed',
      possiblyBilledAgain: false,
    });
    expect(type).toBe(verdict === 'error' ? 'verification.failed' : 'verification.completed');
    expect(data.status).toBe(verdict === 'error' ? 'failed' : 'completed');
    expect(data.attempts.map(({ code }) => code)).toEqual([one.code]);
    expect(chain.sandbox.calls(one.person.idCard).calls).toBe(1);
  });

  it.each(retried)('answered $code in $carrier every time fails, after $calls calls', async (one) => {
    const [verdict, action] = one.expected;
    const { type, data } = await (events.get(one) as Promise<VerificationEvent>);
    expect(data.outcome).toMatchObject({ code: one.code, verdict, action, billed: false });
    expect(type).toBe('verification.failed');
    expect(data.attempts.map(({ code }) => code)).toEqual(Array.from({ length: one.calls }, () => one.code));
    expect(chain.sandbox.calls(one.person.idCard).calls).toBe(one.calls);
  });

  it('has its calls in the ledger as its outcome says', async () => {
    for (const [code, [, , billed]] of Object.entries({ ...finishedAtOnce, ...retriedFruitlessly })) {
      // An answer too large for the upstream to send may have been charged for all the same.
      const charged = code === 'ResponseSizeLimitExceeded' ? 'unknown' : billed;
      expect(await billingInLedger(code), code).toEqual([charged]);
    }
  });
});

describe('these tests', () => {
  it('leave out no code of the API page and no common code', () => {
    const tested = [
      ...Object.keys(finishedAtOnce),
      ...Object.keys(retriedFruitlessly),
      ...waitedForAccount,
      ...waitedForPace,
      waitedForMaintenance,
      waitedForTomorrow,
    ];
    expect(tested.sort()).toEqual([...Object.keys(apiPageCodes), ...Object.keys(commonCodes)].sort());
  });

  it('have a test person for each code', () => {
    const codes = [...finished, ...retried].map(({ code }) => code);
    expect([...new Set(codes)].sort()).toEqual(
      Object.keys({ ...finishedAtOnce, ...retriedFruitlessly }).sort(),
    );
  });
});
