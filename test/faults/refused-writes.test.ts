import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';

let chain: Chain;
beforeEach(async () => {
  chain = await startChain({
    environment: { DELIVERY_SCHEDULE: `0s${',100ms'.repeat(20)}`, SWEEP_INTERVAL: '1h' },
  });
});
afterEach(async () => {
  await chain.redis.config('SET', 'maxmemory', '0');
  await chain.redis.replicaof('NO', 'ONE');
  await chain.stop();
});

const refusals = {
  'its memory is full': {
    begin: () => chain.redis.config('SET', 'maxmemory', '1mb'),
    end: () => chain.redis.config('SET', 'maxmemory', '0'),
  },
  'it has become a replica': {
    begin: () => chain.redis.replicaof('127.0.0.1', 1),
    end: () => chain.redis.replicaof('NO', 'ONE'),
  },
};

const noticed = () => chain.log.line((line) => line.event === 'redis_refuses');
const eventOf = (id: string) => chain.receiver.eventOf(id, 40_000);

/** The upstream answers when the test says so. */
function holdAnswers(idCard: string, codes: readonly string[]): void {
  chain.sandbox.script(
    idCard,
    codes.map((code) => ({ code, latencyMs: 1_500 })),
  );
}

describe.each(Object.entries(refusals))('while Redis takes no writes because %s', (_, refusal) => {
  test('an answer in hand is kept, written down when Redis takes it, and asked for once', async () => {
    const person = makePerson();
    holdAnswers(person.idCard, ['Success']);
    const { id } = await chain.submit(person);
    await expect.poll(() => chain.sandbox.calls(person.idCard).calls, { timeout: 60_000 }).toBe(1);
    await refusal.begin();
    await chain.log.line((line) => line.event === 'attempt');
    await noticed();
    await refusal.end();
    expect(await eventOf(id)).toMatchObject({
      data: { outcome: { verdict: 'match', possiblyBilledAgain: false } },
    });
    expect(chain.sandbox.calls(person.idCard).calls).toBe(1);
    expect((await chain.verification(id)).attempts).toHaveLength(1);
  });

  test('a verification that is to be asked again is not given up', async () => {
    const person = makePerson();
    holdAnswers(person.idCard, ['FailedOperation.CompareSystemError', 'Success']);
    const { id } = await chain.submit(person);
    await expect.poll(() => chain.sandbox.calls(person.idCard).calls, { timeout: 60_000 }).toBe(1);
    await refusal.begin();
    await chain.log.line((line) => line.event === 'attempt');
    await noticed();
    await refusal.end();
    expect(await eventOf(id)).toMatchObject({ data: { outcome: { verdict: 'match' } } });
    expect(chain.sandbox.calls(person.idCard).calls).toBe(2);
  });

  test.each([
    ['took', 200, 1],
    ['turned down', 500, 2],
  ])('an event that its receiver %s is written down as such', async (_what, status, posts) => {
    let begun: () => void = () => undefined;
    const posted = new Promise<void>((resolve) => {
      begun = resolve;
    });
    chain.receiver.answerWith(async ({ nth }) => {
      if (nth > 1) return 200;
      await refusal.begin();
      begun();
      return status;
    });
    const { id } = await chain.submit();
    await posted;
    await noticed();
    await refusal.end();
    await expect
      .poll(async () => (await chain.verification(id)).delivery.status, { timeout: 60_000 })
      .toBe('delivered');
    expect(chain.receiver.deliveries).toHaveLength(posts);
  });
});

test('an answer outlives the lock of its job', async () => {
  const person = makePerson();
  holdAnswers(person.idCard, ['FailedOperation.CompareSystemError', 'Success']);
  const { id } = await chain.submit(person);
  await expect.poll(() => chain.sandbox.calls(person.idCard).calls, { timeout: 60_000 }).toBe(1);
  await chain.redis.config('SET', 'maxmemory', '1mb');
  const lock = `${chain.queues.verifications.toKey(id)}:lock`;
  await expect.poll(() => chain.redis.exists(lock), { timeout: 60_000 }).toBe(0);
  await chain.redis.config('SET', 'maxmemory', '0');
  expect(await eventOf(id)).toMatchObject({
    data: { outcome: { verdict: 'match', possiblyBilledAgain: false } },
  });
  expect(chain.sandbox.calls(person.idCard).calls).toBe(2);
});

test('an outage is one line when it begins and one when it ends, however many jobs meet it', async () => {
  const people = Array.from({ length: 20 }, makePerson);
  for (const { idCard } of people) holdAnswers(idCard, ['Success']);
  const submitted = await Promise.all(people.map((person) => chain.submit(person)));
  await expect.poll(() => chain.sandbox.stats().requests, { timeout: 60_000 }).toBe(20);
  await chain.redis.config('SET', 'maxmemory', '1mb');
  await chain.log.line((line) => line.event === 'attempt', { nth: 20 });
  await noticed();
  await chain.redis.config('SET', 'maxmemory', '0');
  await Promise.all(submitted.map(({ id }) => eventOf(id)));
  await chain.log.line((line) => line.event === 'redis_takes_writes');
  const written = chain.log.lines.filter(({ level }) => level >= 40).map(({ event }) => event);
  // On a slow machine a claim may ask for a slot meanwhile: the limiter then has a line of its own.
  expect(written.filter((event) => event !== 'lane_unreachable')).toEqual(['redis_refuses']);
  expect(written.filter((event) => event === 'lane_unreachable').length).toBeLessThanOrEqual(1);
});

test('a delivery that cannot be worked on is a dead letter, and can be delivered again', async () => {
  let status = 500;
  chain.receiver.answerWith(() => status);
  const { id } = await chain.submit();
  await expect.poll(() => chain.receiver.deliveries.length, { timeout: 60_000 }).toBeGreaterThan(0);
  const submittedAt = (await chain.redis.hget(chain.keys.record(id), 'submittedAt')) ?? '';
  await chain.redis.hset(chain.keys.record(id), 'submittedAt', 'some day');
  await chain.log.line((line) => line.event === 'job_set_aside');
  await expect
    .poll(() => chain.redis.zscore(chain.keys.deadLetters(), id), { timeout: 60_000 })
    .not.toBeNull();
  await chain.redis.hset(chain.keys.record(id), 'submittedAt', submittedAt);
  expect((await chain.verification(id)).delivery.status).toBe('dead');
  status = 200;
  const answer = await chain.call(`/v1/verifications/${id}/redeliver`, { method: 'POST' });
  expect(answer.status).toBe(202);
  await eventOf(id);
});
