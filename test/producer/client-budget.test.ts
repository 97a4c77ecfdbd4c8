import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UsageReport } from '../../shared/contract/usage.ts';
import { type ClientChange, changeClient } from '../../shared/store/clients/change-client.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { noteBudget } from '../../shared/store/usage/budget-levels.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';
import { makeSubmission } from './submission-builder.ts';

/** A minute before midnight of the last day but one of the month, in +08:00. */
const EVENING = Date.parse('2026-11-29T15:59:00Z');

const clock = { now: EVENING };
let server: TestRedis;
let producer: ProducerUnderTest;
let client: ClientCredentials;
beforeAll(async () => {
  server = await startTestRedis();
  producer = await startProducerUnderTest(server.url, { now: () => clock.now });
});
beforeEach(async () => {
  clock.now = EVENING;
  client = await producer.addClient();
});
afterAll(async () => {
  await producer.close();
  await server.stop();
});

const set = (change: ClientChange) => changeClient(producer.redis, producer.keys, client.clientId, change);
const submit = (headers: Record<string, string> = {}, body: object = makeSubmission()) =>
  producer.call('/v1/verifications', {
    as: client,
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
const codeOf = async (answer: Response) =>
  answer.status === 202 ? 'accepted' : (await readProblem(answer)).code;
/** As workers count calls. */
const spend = (entries: Record<string, number>, month = '2026-11') =>
  producer.redis.hset(producer.keys.clientLedger(client.clientId, month), entries);
const cancelAll = async () => {
  const page = (await (await producer.call('/v1/verifications', { as: client })).json()) as {
    data: { id: string }[];
  };
  for (const { id } of page.data)
    await producer.call(`/v1/verifications/${id}`, { as: client, method: 'DELETE' });
};
const budgetOf = async () => {
  const answer = await producer.call('/v1/usage', { as: client });
  return ((await answer.json()) as UsageReport).budget;
};

describe('a hard budget', () => {
  it('refuses with 402 until midnight in +08:00 when calls and what waits fill the day', async () => {
    await set({ budgetDay: 5 });
    await spend({ '29|Success|billed': 2, '29|FailedOperation.X|unbilled': 70, '28|Success|billed': 99 });
    await spend({ '29|Veriqueue.WorkerCrashed|unknown': 1 });
    expect([await codeOf(await submit()), await codeOf(await submit())]).toEqual(['accepted', 'accepted']);
    const refused = await submit();
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await readProblem(refused)).toEqual({
      type: '/problems/budget_exhausted',
      title: 'This client has reached its budget of billed calls',
      status: 402,
      code: 'budget_exhausted',
    });
    expect(await budgetOf()).toEqual({
      mode: 'hard',
      waiting: 2,
      day: { period: '2026-11-29', limit: 5, spent: 3, endsAt: '2026-11-29T16:00:00.000Z' },
      month: null,
    });
    clock.now += 60_000;
    // Of the new day nothing is spent yet; what waits still counts.
    expect(await budgetOf()).toMatchObject({ waiting: 2, day: { period: '2026-11-30', spent: 0 } });
    expect(await codeOf(await submit())).toBe('accepted');
  });

  it('refuses until the month ends in +08:00 when that is used up, whatever the day has left', async () => {
    await set({ budgetDay: 100, budgetMonth: 9 });
    await spend({ '03|Success|billed': 8, '29|Success|billed': 1 });
    const refused = await submit();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([402, String(24 * 3600 + 60)]);
    clock.now = Date.parse('2026-11-30T15:59:59.999Z');
    expect((await submit()).headers.get('retry-after')).toBe('1');
    clock.now += 1;
    expect(await codeOf(await submit())).toBe('accepted');
  });

  it('is never exceeded by submissions that come at once', async () => {
    await set({ budgetMonth: 8 });
    await spend({ '29|Success|billed': 3 });
    const answers = await Promise.all(Array.from({ length: 30 }, async () => codeOf(await submit())));
    expect(answers.filter((code) => code === 'accepted')).toHaveLength(5);
    expect(answers.filter((code) => code === 'budget_exhausted')).toHaveLength(25);
  });

  it('has room again for what was cancelled, and answers a repeat as before', async () => {
    await set({ budgetDay: 1 });
    const body = makeSubmission();
    expect((await submit({ 'idempotency-key': 'a' }, body)).status).toBe(202);
    expect((await submit({ 'idempotency-key': 'b' })).status).toBe(402);
    expect((await submit({ 'idempotency-key': 'a' }, body)).headers.get('idempotent-replayed')).toBe('true');
    await cancelAll();
    expect((await submit({ 'idempotency-key': 'b' })).status).toBe(202);
  });

  it('holds at once when it is lowered, keeps what was accepted, and ends when it is taken away', async () => {
    await set({ budgetDay: 3 });
    for (const _ of [1, 2, 3]) expect((await submit()).status).toBe(202);
    await set({ budgetDay: 1 });
    expect((await submit()).status).toBe(402);
    expect(await budgetOf()).toMatchObject({ waiting: 3, day: { limit: 1, spent: 0 } });
    await set({ budgetDay: null });
    expect(await budgetOf()).toBeNull();
    expect((await submit()).status).toBe(202);
  });

  it('counts from zero where the ledger is lost or of another type, and stops no client', async () => {
    await set({ budgetMonth: 2 });
    await spend({ '29|Success|billed': 2 });
    expect((await submit()).status).toBe(402);
    const ledger = producer.keys.clientLedger(client.clientId, '2026-11');
    await producer.redis.del(ledger);
    expect((await submit()).status).toBe(202);
    await producer.redis.set(ledger, 'junk');
    expect((await submit()).status).toBe(202);
    await producer.redis.del(ledger);
    await spend({ junk: 7, '29|Success|billed': 1, '29|X|billed|billed': Number.NaN, '29|Y|unknown': -3 });
    expect(await budgetOf()).toMatchObject({ month: { spent: 1 } });
  });

  it('is none where its fields make no sense', async () => {
    await spend({ '29|Success|billed': 50 });
    for (const budgetDay of ['0', '-1', 'ten', '1.5', '1e1', '1000000000', ' 1']) {
      await producer.redis.hset(producer.keys.client(client.clientId), { budgetDay, budgetMode: 'soft' });
      expect([budgetDay, (await submit()).status]).toEqual([budgetDay, 202]);
    }
    await set({ budgetDay: 50 });
    // An unknown mode is the careful one.
    expect((await submit()).status).toBe(402);
  });

  it('is another limit than the cap of the client, which is looked at first', async () => {
    await set({ budgetDay: 1, maxWaiting: 1 });
    expect((await submit()).status).toBe(202);
    expect(await codeOf(await submit())).toBe('client_backlog_full');
    await set({ maxWaiting: 2 });
    expect(await codeOf(await submit())).toBe('budget_exhausted');
  });
});

describe('a budget that only warns', () => {
  it('accepts beyond it, and is shown', async () => {
    await set({ budgetDay: 1, budgetMode: 'warn' });
    await spend({ '29|Success|billed': 5 });
    expect((await submit()).status).toBe(202);
    expect(await budgetOf()).toMatchObject({ mode: 'warn', day: { limit: 1, spent: 5 } });
  });

  it('reports 80 and 100 per cent once in a day and a month, and again after a change', async () => {
    const note = (now = clock.now) => noteBudget(producer.redis, producer.keys, client.clientId, now);
    const metrics = async () =>
      (await (await fetch(`${producer.url}/metrics`)).text())
        .split('\n')
        .filter((line) => line.startsWith('veriqueue_client_budgets{'))
        .map((line) => line.replace(/lane="[^"]*",?|part="[^"]*",?/g, ''));
    await set({ budgetDay: 10, budgetMonth: 100, budgetMode: 'warn' });
    await spend({ '29|Success|billed': 7 });
    expect(await note()).toEqual([]);
    await spend({ '29|Success|billed': 8 });
    expect(await note()).toEqual([{ period: 'day', level: 80, spent: 8, limit: 10 }]);
    expect(await note()).toEqual([]);
    expect((await metrics()).join()).toMatch(/spent="80".* 1,.*spent="100".* 0/);
    await spend({ '29|Success|billed': 101 });
    expect(await note()).toEqual([
      { period: 'day', level: 100, spent: 101, limit: 10 },
      { period: 'month', level: 100, spent: 101, limit: 100 },
    ]);
    expect((await metrics()).join()).toMatch(/spent="80".* 0,.*spent="100".* 2/);
    expect(await note(clock.now + 60_000)).toEqual([]);
    clock.now += 60_000;
    expect((await metrics()).join()).toMatch(/spent="80".* 0,.*spent="100".* 1/);
    await set({ budgetMonth: 101 });
    expect(await note()).toEqual([{ period: 'month', level: 100, spent: 101, limit: 101 }]);
    await set({ budgetDay: null, budgetMonth: null });
    expect(await note()).toEqual([]);
    expect((await metrics()).join()).toMatch(/spent="80".* 0,.*spent="100".* 0/);
    expect(await producer.redis.sismember(producer.keys.budgetedClients(), client.clientId)).toBe(0);
  });
});
