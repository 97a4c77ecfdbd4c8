import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ sandbox: { perIdLimits: true } });
});
afterAll(() => chain.stop());

describe('forty verifications of one person in a minute', () => {
  test('show the upstream fifteen of them, and none is refused', async () => {
    const person = makePerson();
    const submitted = await Promise.all(Array.from({ length: 40 }, () => chain.submit(person)));
    await chain.receiver.accept(15);
    const deferred = async () => {
      const listed = await chain.call('/v1/verifications?status=deferred&limit=100');
      return ((await listed.json()) as { data: { nextAttemptAt: string }[] }).data;
    };
    await expect.poll(async () => (await deferred()).length, { timeout: 20_000 }).toBe(25);
    const { calls, recent } = chain.sandbox.calls(person.idCard);
    expect(calls).toBe(15);
    expect(new Set(recent.map(({ code }) => code))).toEqual(new Set(['Success']));
    const firstCall = Math.min(...recent.map(({ at }) => at));
    for (const { nextAttemptAt } of await deferred()) {
      expect(Date.parse(nextAttemptAt)).toBeGreaterThan(firstCall + 60_000);
    }
    const burnt = await Promise.all(
      submitted.map(async ({ id }) => (await chain.verification(id)).attempts.length),
    );
    expect(burnt.reduce((sum, attempts) => sum + attempts)).toBe(15);
  });

  test('leave other persons alone', async () => {
    const { id } = await chain.submit(makePerson());
    expect(await chain.receiver.eventOf(id)).toMatchObject({ data: { outcome: { verdict: 'match' } } });
  });
});
