import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsoleVerificationDetail } from '../../shared/contract/console.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';

const OPERATOR_KEY = 'vqo_test-operator-key-of-32-characters';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ sandbox: { perIdLimits: true }, environment: { OPERATOR_KEY } });
});
afterAll(() => chain.stop());

const listed = async (query: string, as = chain.client) => {
  const answer = await chain.call(`/v1/verifications?limit=100&${query}`, { as });
  return ((await answer.json()) as { data: Verification[] }).data;
};
const askConsole = async <T>(path: string) => {
  const headers = { authorization: `Bearer ${OPERATOR_KEY}` };
  return (await (await fetch(`${chain.url}/console/api/${path}`, { headers })).json()) as T;
};

describe('forty verifications of one person in a minute', () => {
  const person = makePerson();

  test('show the upstream fifteen of them, and none is refused', async () => {
    const submitted = await Promise.all(Array.from({ length: 40 }, () => chain.submit(person)));
    await chain.receiver.accept(15);
    const waiting = () => chain.log.lines.filter(({ event }) => event === 'person_limit').length;
    await expect.poll(waiting, { timeout: 60_000 }).toBeGreaterThanOrEqual(25);
    await expect.poll(async () => (await listed('status=queued')).length, { timeout: 60_000 }).toBe(25);
    const { calls, recent } = chain.sandbox.calls(person.idCard);
    expect(calls).toBe(15);
    expect(new Set(recent.map(({ code }) => code))).toEqual(new Set(['Success']));
    const firstCall = Math.min(...recent.map(({ at }) => at));
    for (const { id } of await listed('status=queued')) {
      const { verification } = await askConsole<ConsoleVerificationDetail>(`verifications/${id}`);
      expect(verification.status).toBe('deferred');
      expect(Date.parse(verification.nextAttemptAt ?? '')).toBeGreaterThan(firstCall + 60_000);
    }
    const burnt = await Promise.all(
      submitted.map(async ({ id }) => (await chain.verification(id)).attempts.length),
    );
    expect(burnt.reduce((sum, attempts) => sum + attempts)).toBe(15);
  });

  test('do not say to another client that the person has been asked about', async () => {
    const other = await chain.addClient();
    const answer = await chain.call('/v1/verifications', {
      as: other,
      method: 'POST',
      body: JSON.stringify(makeSubmission(person)),
      headers: { 'content-type': 'application/json' },
    });
    const { id } = (await answer.json()) as Verification;
    await chain.log.line((line) => line.event === 'person_limit' && line.verification === id);

    const asked = await chain.call(`/v1/verifications/${id}`, { as: other });
    const shown = (await asked.json()) as Verification;
    expect(shown).toMatchObject({ status: 'queued', attempts: [], nextAttemptAt: null });
    // The end of the line as the lane's overview has it, which may be a second old and count what has just left it.
    expect(shown.position).toBeGreaterThanOrEqual(1);
    expect(Date.parse(shown.estimatedCompletionAt ?? '')).toBeLessThan(Date.now() + 10_000);
    expect(Number(asked.headers.get('retry-after'))).toBeLessThan(10);
    expect(await listed('status=deferred', other)).toEqual([]);
    expect(await listed('status=queued', other)).toEqual([expect.objectContaining({ id, status: 'queued' })]);
    const page = await askConsole<{ data: { id: string; status: string }[] }>(`verifications?search=${id}`);
    expect(page.data).toEqual([expect.objectContaining({ id, status: 'deferred' })]);
  });

  test('leave other persons alone', async () => {
    const { id } = await chain.submit(makePerson());
    expect(await chain.receiver.eventOf(id)).toMatchObject({ data: { outcome: { verdict: 'match' } } });
  });
});

test('what an earlier version stored as deferred shows as queued, and is no longer listed as deferred', async () => {
  const client = await chain.addClient();
  const answer = await chain.call('/v1/verifications', {
    as: client,
    method: 'POST',
    body: JSON.stringify(makeSubmission(makePerson())),
    headers: { 'content-type': 'application/json' },
  });
  const { id } = (await answer.json()) as Verification;
  await chain.receiver.eventOf(id);
  const { keys, redis } = chain;
  await redis.hset(keys.record(id), { status: 'deferred', nextAttemptAt: String(Date.now() + 60_000) });
  await redis.hdel(keys.record(id), 'outcome', 'attempt:1', 'attempts');
  await redis.zadd(keys.clientStatusIndex(client.clientId, 'deferred'), Date.now(), id);
  const asked = await chain.call(`/v1/verifications/${id}`, { as: client });
  expect(await asked.json()).toMatchObject({ status: 'queued', nextAttemptAt: null });
  expect(await listed('status=deferred', client)).toEqual([]);
});
