/** A few people about whom the upstream always fails end by themselves, and stop no other verification. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Chain, type ChainOptions, startChain } from '../support/chain.ts';
import { makePerson, type TestPerson } from '../support/person.ts';
import type { LogLine } from '../support/recorded-log.ts';

const UNLUCKY_CODES = [
  'FailedOperation.CompareSystemError',
  'FailedOperation.UnKnown',
  'FailedOperation.IdPhotoSystemNoanswer',
  'FailedOperation',
];
const WITHIN_MS = 45_000;
const MATCH = { verdict: 'match', code: 'Success' };

let chain: Chain;
afterEach(() => chain?.stop());

async function start(environment: Record<string, string>, options: ChainOptions = {}) {
  chain = await startChain({ ...options, environment: { PERSON_PER_MINUTE: '0', ...environment } });
}

/** A person about whom every call ends with the code. */
function makeUnlucky(code: string): TestPerson {
  const person = makePerson();
  chain.sandbox.script(
    person.idCard,
    Array.from({ length: 100 }, () => code),
  );
  return person;
}

const isAttempt = (line: LogLine) => line.event === 'attempt';
const attempts = () => chain.log.lines.filter(isAttempt);
const isSlow = (line: LogLine) => line.event === 'lane_slow';

/** Twenty people fail at once, and their retries are still to come: the lane is slow. */
async function slowDown(code: string) {
  const people = Array.from({ length: 20 }, () => makeUnlucky(code));
  const submitted = await Promise.all(people.map((person) => chain.submit(person)));
  await chain.log.line(isSlow);
  return submitted;
}

describe('four people about whom every call fails', { timeout: 2 * WITHIN_MS }, () => {
  it('do not slow an empty system down, and end with their codes', async () => {
    await start({ RETRIES: '8', RETRY_BASE: '50ms', RETRY_CAP: '100ms', SLOW_PROBE_INTERVAL: '5s' });
    const unlucky = UNLUCKY_CODES.map((code) => ({ code, person: makeUnlucky(code) }));
    const submitted = await Promise.all(
      unlucky.map(async ({ code, person }) => ({ code, id: (await chain.submit(person)).id })),
    );
    // More failures than the window of twenty holds.
    await chain.log.line(isAttempt, { nth: 24 });
    const healthy = await chain.submit();
    const { data } = await chain.receiver.eventOf(healthy.id, WITHIN_MS);
    expect(data.outcome).toMatchObject(MATCH);
    for (const { id, code } of submitted) {
      const { type, data: failed } = await chain.receiver.eventOf(id, WITHIN_MS);
      expect(type).toBe('verification.failed');
      expect(failed.outcome).toMatchObject({ verdict: 'error', code });
      expect(failed.attempts).toHaveLength(9);
    }
    expect(chain.log.lines.filter(isSlow)).toEqual([]);
  });
});

describe('while the lane is slow', { timeout: 3 * WITHIN_MS }, () => {
  it('a healthy person is answered within two probes, although twenty retries are due before', async () => {
    await start({ RETRIES: '8', RETRY_BASE: '1h', RETRY_CAP: '1h', SLOW_PROBE_INTERVAL: '2s' });
    const submitted = await slowDown('FailedOperation.UnKnown');
    // All that were under way when the lane closed have ended; none of them has a retry yet.
    await chain.log.line(isAttempt, { nth: 20 });
    await Promise.all(submitted.map(({ id }) => chain.skipWait(id)));
    const healthy = await chain.submit(makePerson(), { priority: 'bulk' });
    await chain.log.line((line) => isAttempt(line) && line.verification === healthy.id, {
      withinMs: WITHIN_MS,
    });
    const probes = attempts().slice(20);
    expect(probes.findIndex((line) => line.verification === healthy.id)).toBeLessThanOrEqual(1);
    await chain.log.line((line) => line.event === 'lane_resumed');
  });

  it('failures of single verifications use up their retries, and all end', async () => {
    await start({ RETRIES: '1', RETRY_BASE: '1s', RETRY_CAP: '1s', SLOW_PROBE_INTERVAL: '100ms' });
    const submitted = await slowDown('FailedOperation.CompareSystemError');
    for (const { id } of submitted) {
      const { data } = await chain.receiver.eventOf(id, WITHIN_MS);
      expect(data.outcome).toMatchObject({ verdict: 'error', code: 'FailedOperation.CompareSystemError' });
      expect(data.attempts).toHaveLength(2);
    }
    expect(await chain.verification(submitted[0]?.id ?? '')).toMatchObject({ status: 'failed' });
  });

  it.each(['InternalError', 'FailedOperation.CompareLibServiceUnavailable'])(
    'probes that say the upstream as a whole does not work use up no verification’s: %s',
    async (code) => {
      await start({ RETRIES: '3', RETRY_BASE: '10s', RETRY_CAP: '10s', SLOW_PROBE_INTERVAL: '50ms' });
      const unlucky = makeUnlucky(code);
      if (code === 'InternalError') await slowDown(code);
      const { id } = await chain.submit(unlucky);
      const isProbe = (line: LogLine) =>
        isAttempt(line) && line.verification === id && line['step'] === 'slow';
      await chain.log.line(isProbe, { nth: 6, withinMs: WITHIN_MS });
      chain.sandbox.reset();
      const { data } = await chain.receiver.eventOf(id, WITHIN_MS);
      expect(data.outcome).toMatchObject(MATCH);
      expect(data.attempts).toHaveLength(1);
    },
  );

  it('who stood aside is brought back ahead of new work when the lane is open', async () => {
    await start({ RETRIES: '5', RETRY_BASE: '50ms', RETRY_CAP: '100ms', SLOW_PROBE_INTERVAL: '1s' });
    const submitted = await slowDown('FailedOperation.UnKnown');
    chain.sandbox.reset();
    const healthy = await chain.submit();
    await chain.receiver.eventOf(healthy.id, WITHIN_MS);
    for (const { id } of submitted) {
      const { data } = await chain.receiver.eventOf(id, WITHIN_MS);
      expect(data.outcome).toMatchObject(MATCH);
    }
  });
});

it('a request that a proxy before the upstream always turns away does not hold the lane as its only probe', async () => {
  await start({ RETRIES: '0', PROBE_INTERVAL: '300ms' });
  const turnedAway = makeUnlucky('UnauthorizedOperation.Arrears');
  const { id } = await chain.submit(turnedAway);
  await chain.log.line((line) => line.event === 'lane_held');
  const before = attempts().length;
  const healthy = await chain.submit();
  const { data } = await chain.receiver.eventOf(healthy.id, WITHIN_MS);
  expect(data.outcome).toMatchObject(MATCH);
  const calls = attempts().slice(before);
  expect(calls.findIndex((line) => line.verification === healthy.id)).toBeLessThanOrEqual(1);
  expect(await chain.verification(id)).toMatchObject({ outcome: null, attempts: [] });
}, 90_000);

it('one person, submitted again and again, is one piece of evidence', async () => {
  await start({ RETRIES: '0', SLOW_PROBE_INTERVAL: '5s' });
  const unlucky = makeUnlucky('FailedOperation.UnKnown');
  const submitted = await Promise.all(Array.from({ length: 25 }, () => chain.submit(unlucky)));
  for (const { id } of submitted) {
    const { data } = await chain.receiver.eventOf(id, WITHIN_MS);
    expect(data.outcome).toMatchObject({ verdict: 'error' });
  }
  expect(chain.log.lines.filter(isSlow)).toEqual([]);
}, 90_000);

it.each([
  { code: 'UnauthorizedOperation.Arrears', event: 'lane_held' },
  { code: 'FailedOperation.CompareLibServiceUnavailable', event: 'lane_slow' },
])(
  'one person about whom every call answers $code closes the lane once, however often that person is asked about',
  async ({ code, event }) => {
    await start({ PROBE_INTERVAL: '300ms', SLOW_PROBE_INTERVAL: '100ms' });
    const turnedAway = makeUnlucky(code);
    const { id } = await chain.submit(turnedAway);
    await chain.log.line((line) => line.event === event);
    const isAboutOne = (line: LogLine) => isAttempt(line) && line.verification === id;
    for (let round = 0; round < 4; round += 1) {
      const healthy = await chain.submit();
      const { data } = await chain.receiver.eventOf(healthy.id, WITHIN_MS);
      expect(data.outcome).toMatchObject(MATCH);
      const before = chain.log.lines.filter(isAboutOne).length;
      await chain.log.line(isAboutOne, { nth: before + 1, withinMs: WITHIN_MS });
    }
    expect(chain.log.lines.filter((line) => line.event === event)).toHaveLength(1);
    expect(await chain.lane()).toMatchObject({ status: 'running' });
  },
  180_000,
);
