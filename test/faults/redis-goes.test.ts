import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain.stop());

const post = () =>
  chain.call('/v1/verifications', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(makeSubmission(makePerson())),
  });

describe('while Redis is gone', () => {
  test('submissions are answered 503 with Retry-After, and work goes on when it is back', async () => {
    const before = await chain.submit();
    await chain.receiver.eventOf(before.id);
    await chain.redisServer.crash();
    const refused = await post();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: 'unavailable' });
    await chain.redisServer.up();
    await expect.poll(async () => (await chain.call('/readyz')).status, { timeout: 60_000 }).toBe(200);
    const after = await chain.submit();
    expect(await chain.receiver.eventOf(after.id, 15_000)).toMatchObject({ type: 'verification.completed' });
  });

  test('verifications that were accepted before are finished afterwards, none lost and none doubled', async () => {
    const people = Array.from({ length: 20 }, makePerson);
    for (const { idCard } of people) chain.sandbox.script(idCard, [{ code: 'Success', latencyMs: 300 }]);
    const submitted = await Promise.all(people.map((person) => chain.submit(person)));
    await chain.redisServer.crash();
    await chain.redisServer.up();
    const events = await Promise.all(submitted.map(({ id }) => chain.receiver.eventOf(id, 25_000)));
    expect(events.map(({ type }) => type)).toEqual(people.map(() => 'verification.completed'));
    for (const { idCard } of people) expect(chain.sandbox.calls(idCard).calls).toBeLessThanOrEqual(2);
  });
});
