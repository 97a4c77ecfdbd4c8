import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextChinaDay } from '../../shared/china-time.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import type { LogLine } from '../support/recorded-log.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { waitedForAccount, waitedForPace, waitedForTomorrow } from './expected-outcomes.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis?.stop());

const MINUTE_MS = 60_000;
const FAILURE = 'InternalError';
const MATCH = { verdict: 'match', action: 'none', billed: true, possiblyBilledAgain: false };

const madeStep = (id: string, step: string) => (line: LogLine) =>
  line.event === 'attempt' && line.verification === id && line['step'] === step;

describe('with a single retry allowed, a verification', () => {
  let chain: Chain;
  beforeAll(async () => {
    chain = await startChain({ redis, environment: { RETRIES: '1' } });
  });
  afterAll(() => chain?.stop());

  /** A person who is answered these codes first, and is then found to match. */
  async function askedThrough(codes: readonly string[]) {
    const person = makePerson();
    chain.sandbox.script(person.idCard, codes);
    const { id } = await chain.submit(person);
    const { data } = await chain.receiver.eventOf(id);
    return { data, calls: chain.sandbox.calls(person.idCard).recent.map(({ code }) => code) };
  }

  it.each(waitedForAccount)('met by %s is asked again by the next probe, and matches', async (code) => {
    // This one is first tried to be cured by the server's clock, with a second call at once.
    const refusals = code === 'AuthFailure.SignatureExpire' ? [code, code] : [code];
    const { data, calls } = await askedThrough(refusals);
    expect(data.outcome).toMatchObject(MATCH);
    expect(data.attempts.map((attempt) => attempt.code)).toEqual(['Success']);
    expect(calls).toEqual([...refusals, 'Success']);
    expect(await chain.redis.hget(chain.keys.record(data.id), 'attemptsCounted')).toBeNull();
    await expect.poll(async () => (await chain.lane()).status).toBe('running');
  });

  it.each(waitedForPace)('refused with %s is asked again when the window has passed', async (code) => {
    // The failure uses up the one retry, which the refusal must not have done.
    const { data, calls } = await askedThrough([code, FAILURE]);
    expect(data.outcome).toMatchObject(MATCH);
    expect(data.attempts.map((attempt) => attempt.code)).toEqual([FAILURE, 'Success']);
    expect(calls).toEqual([code, FAILURE, 'Success']);
  });
});

describe('a person verified too often', () => {
  let chain: Chain;
  beforeAll(async () => {
    chain = await startChain({ redis, environment: { RETRIES: '2' } });
  });
  afterAll(() => chain?.stop());

  it('waits for the next minute, then for the next day of the upstream, and gets the answer', async () => {
    const person = makePerson();
    chain.sandbox.script(person.idCard, [waitedForTomorrow, waitedForTomorrow]);
    const { id } = await chain.submit(person);

    const first = await chain.log.line(madeStep(id, 'defer'));
    const minute = await chain.verification(id);
    expect(minute.status).toBe('deferred');
    const wait = Date.parse(minute.nextAttemptAt ?? '') - Number(first['time']);
    expect(wait).toBeGreaterThan(0.95 * MINUTE_MS);
    expect(wait).toBeLessThan(1.15 * MINUTE_MS);
    expect(minute.estimatedCompletionAt).not.toBeNull();

    await chain.skipWait(id);
    const second = await chain.log.line(madeStep(id, 'defer'), { nth: 2 });
    const day = await chain.verification(id);
    expect(day.status).toBe('deferred');
    const midnight = nextChinaDay(Number(second['time']));
    expect(Date.parse(day.nextAttemptAt ?? '')).toBeGreaterThanOrEqual(midnight);
    expect(Date.parse(day.nextAttemptAt ?? '')).toBeLessThan(midnight + 15 * MINUTE_MS);

    await chain.skipWait(id);
    const { data } = await chain.receiver.eventOf(id);
    expect(data.outcome).toMatchObject(MATCH);
    expect(data.attempts.map(({ code }) => code)).toEqual([waitedForTomorrow, waitedForTomorrow, 'Success']);
    expect(chain.sandbox.calls(person.idCard).calls).toBe(3);
  });

  it('gets this answer when the retries are used up', async () => {
    const person = makePerson();
    chain.sandbox.script(
      person.idCard,
      Array.from({ length: 3 }, () => waitedForTomorrow),
    );
    const { id } = await chain.submit(person);
    for (const nth of [1, 2]) {
      await chain.log.line(madeStep(id, 'defer'), { nth });
      await chain.skipWait(id);
    }
    const { type, data } = await chain.receiver.eventOf(id);
    expect(type).toBe('verification.completed');
    expect(data.outcome).toMatchObject({
      code: waitedForTomorrow,
      verdict: 'unverifiable',
      action: 'retry_later',
      billed: false,
    });
    expect(chain.sandbox.calls(person.idCard).calls).toBe(3);
  });
});
