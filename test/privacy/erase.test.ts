import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Problem } from '../../shared/contract/problem.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission, type TestPerson } from '../support/person.ts';
import { readKeys } from './redis-contents.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
});
afterAll(() => chain?.stop());

const erase = (id: string, as = chain.client) =>
  chain.call(`/v1/verifications/${id}?erase=true`, { method: 'DELETE', as });

const submitWithKey = async (person: TestPerson, key: string) => {
  const answer = await chain.call('/v1/verifications', {
    method: 'POST',
    body: JSON.stringify(makeSubmission(person)),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
  expect(answer.status).toBe(202);
  return { answer, verification: (await answer.json()) as Verification };
};

/**
 * Every key that names a verification, in its own name or in what it holds. BullMQ's event streams name jobs only. What its receipt
 * and the audit trail keep of an erasure names no person.
 */
async function findTraces(id: string): Promise<string[]> {
  const places = await readKeys(chain.redis);
  return places
    .filter(({ name, bytes }) => !name.startsWith('stream ') && bytes.includes(id))
    .map(({ name }) => name)
    .filter((name) => !/:erasures?:|:audit-/.test(name));
}

const answered = (id: string) => chain.receiver.eventOf(id);

describe('erasing a verification', () => {
  test('that waits cancels it, and leaves no trace of it', async () => {
    const { verification } = await submitWithKey(makePerson(), 'erase 1');
    const { id } = verification;
    expect((await findTraces(id)).length).toBeGreaterThan(6);
    const answer = await erase(id);
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    expect(await findTraces(id)).toEqual([]);
    expect((await chain.call(`/v1/verifications/${id}`)).status).toBe(404);
    expect((await erase(id)).status).toBe(404);
    expect((await chain.lane()).photosStored.now).toBe(0);
    expect((await chain.lane()).backlog.total).toBe(0);
  });

  test('makes its Idempotency-Key free again', async () => {
    const person = makePerson();
    const first = await submitWithKey(person, 'erase 2');
    expect((await erase(first.verification.id)).status).toBe(204);
    const second = await submitWithKey(person, 'erase 2');
    expect(second.answer.headers.get('idempotent-replayed')).toBeNull();
    expect(second.verification.id).not.toBe(first.verification.id);
    expect((await erase(second.verification.id)).status).toBe(204);
  });

  test('of another client is 404, and changes nothing', async () => {
    const { id } = await chain.submit();
    const before = await findTraces(id);
    expect((await erase(id, await chain.addClient())).status).toBe(404);
    expect(await findTraces(id)).toEqual(before);
    expect((await erase(id)).status).toBe(204);
  });

  test('asks for a yes or a no', async () => {
    const { id } = await chain.submit();
    const answer = await chain.call(`/v1/verifications/${id}?erase=1`, { method: 'DELETE' });
    expect([answer.status, ((await answer.json()) as Problem).code]).toEqual([422, 'invalid_query']);
    const cancelled = await chain.call(`/v1/verifications/${id}?erase=false`, { method: 'DELETE' });
    expect(await cancelled.json()).toMatchObject({ status: 'cancelled' });
    expect((await erase(id)).status).toBe(204);
    expect(await findTraces(id)).toEqual([]);
  });
});

describe('with a worker', () => {
  beforeAll(async () => {
    await chain.addWorker();
  });

  const expectBusy = async (id: string) => {
    const answer = await erase(id);
    expect([answer.status, ((await answer.json()) as Problem).code]).toEqual([409, 'being_processed']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  };

  test('is refused while the upstream is asked, and leaves no trace afterwards', async () => {
    const person = makePerson();
    chain.sandbox.script(person.idCard, [{ latencyMs: 1_500 }]);
    const { id } = await chain.submit(person);
    await expect.poll(() => chain.redis.hexists(chain.keys.record(id), 'sentAt'), { interval: 10 }).toBe(1);
    await expectBusy(id);
    await answered(id);
    await expect.poll(async () => (await erase(id)).status).toBe(204);
    expect(await findTraces(id)).toEqual([]);
  });

  test('is refused while the event is delivered, and possible between two attempts', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    chain.receiver.answerWith(async () => {
      await released;
      return 500;
    });
    const { id } = await chain.submit();
    await expect
      .poll(() => chain.receiver.deliveries.filter(({ event }) => event.data.id === id).length)
      .toBe(1);
    await expectBusy(id);
    release();
    await expect.poll(async () => (await chain.verification(id)).delivery.status).toBe('retrying');
    await expect.poll(async () => (await erase(id)).status).toBe(204);
    chain.receiver.answerWith(() => 204);
    expect(await findTraces(id)).toEqual([]);
  });

  test('is refused while the event is delivered again', async () => {
    const { id } = await chain.submit();
    await expect
      .poll(async () => (await chain.verification(id)).delivery.status, { timeout: 60_000 })
      .toBe('delivered');
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    chain.receiver.answerWith(async () => {
      await released;
      return 204;
    });
    const again = await chain.call(`/v1/verifications/${id}/redeliver`, { method: 'POST' });
    expect(again.status).toBe(202);
    await expect
      .poll(() => chain.receiver.deliveries.filter(({ event }) => event.data.id === id).length)
      .toBe(2);
    await expectBusy(id);
    release();
    chain.receiver.answerWith(() => 204);
    await expect.poll(async () => (await erase(id)).status).toBe(204);
    expect(await findTraces(id)).toEqual([]);
  });

  test('of an event that waits at a held endpoint takes it from there', async () => {
    const as = await chain.addClient();
    const endpoint = `${as.clientId} ${new URL(chain.receiver.url).origin}`;
    const held = { status: 'held', reason: 'gone', failingSince: 1, heldAt: 1 };
    await chain.redis.set(chain.keys.endpointHealth(endpoint), JSON.stringify(held));
    const answer = await chain.call('/v1/verifications', {
      method: 'POST',
      body: JSON.stringify(makeSubmission(makePerson())),
      headers: { 'content-type': 'application/json' },
      as,
    });
    const { id } = (await answer.json()) as Verification;
    const status = async () =>
      ((await (await chain.call(`/v1/verifications/${id}`, { as })).json()) as Verification).delivery.status;
    await expect.poll(status, { timeout: 60_000 }).toBe('held');
    expect(await findTraces(id)).toContain(`zset ${chain.keys.deferredDeliveries(endpoint)}`);
    await expect.poll(async () => (await erase(id, as)).status).toBe(204);
    expect(await findTraces(id)).toEqual([]);
  });

  test('a job whose verification is erased under it ends without a word to anybody', async () => {
    const { id } = await chain.submit(makePerson(), { priority: 'bulk' });
    await answered(id);
    await expect.poll(async () => (await erase(id)).status).toBe(204);
    // As if the job's removal had failed: a delivery job without its record.
    await chain.queues.deliveries.add(
      'deliver',
      { id, clientId: chain.client.clientId },
      { removeOnComplete: true },
    );
    await chain.log.line((line) => line.event === 'record_missing' && line.verification === id);
    await expect
      .poll(() => chain.queues.deliveries.getJobCounts('active', 'failed'))
      .toEqual({ active: 0, failed: 0 });
    expect(await findTraces(id)).toEqual([]);
  });
});
