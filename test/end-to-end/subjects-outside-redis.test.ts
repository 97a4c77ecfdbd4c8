import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Chain, type ChainOptions, startChain } from '../support/chain.ts';
import { createOutsideSubjects, type OutsideSubjects } from '../support/outside-subjects.ts';
import { makePerson, makeSubmission } from '../support/person.ts';

let subjects: OutsideSubjects;
let chain: Chain;
beforeEach(() => {
  subjects = createOutsideSubjects();
});
afterEach(() => chain.stop());

const start = async (options: ChainOptions = {}) => {
  chain = await startChain({ ...options, subjects: subjects.store });
};

const remove = (id: string, query = '') =>
  chain.call(`/v1/verifications/${id}${query}`, { method: 'DELETE' });

const submit = (key: string) =>
  chain.call('/v1/verifications', {
    method: 'POST',
    body: JSON.stringify(makeSubmission(makePerson())),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });

/** Every key of the lane but what stands for clients, and the queues' own bookkeeping. */
async function listTraces(): Promise<string[]> {
  const { redis, keys } = chain;
  const found = await redis.keys(`${keys.queuePrefix}:*`);
  const lasting = /:(meta|id|events|pc|marker|write-probe)$/;
  const ofClients = [keys.apiKeys(), keys.client(chain.client.clientId)];
  return found.filter((key) => !lasting.test(key) && !ofClients.includes(key)).sort();
}

describe('a subject whose bytes are outside Redis', () => {
  test('waits with nothing but its wrapped key in Redis, is asked about, and is gone with the outcome', async () => {
    await start({ workers: 0 });
    const { id } = await chain.submit();
    expect(subjects.ids()).toEqual([id]);
    expect(await chain.redis.hkeys(chain.keys.subject(id))).toEqual(['key']);
    await chain.addWorker();
    expect(await chain.receiver.eventOf(id)).toMatchObject({ data: { outcome: { verdict: 'match' } } });
    await expect.poll(subjects.ids).toEqual([]);
    expect(await chain.redis.exists(chain.keys.subject(id))).toBe(0);
  });

  test('is gone with a cancellation, also when it is repeated', async () => {
    await start({ workers: 0 });
    const { id } = await chain.submit();
    subjects.dropDeletions(1);
    expect((await remove(id)).status).toBe(200);
    expect(subjects.ids()).toEqual([id]);
    expect((await remove(id)).status).toBe(200);
    expect(subjects.ids()).toEqual([]);
  });

  test('is gone with an erasure', async () => {
    await start({ workers: 0 });
    const { id } = await chain.submit();
    expect((await remove(id, '?erase=true')).status).toBe(204);
    expect(subjects.ids()).toEqual([]);
    expect((await listTraces()).filter((key) => key.includes(id))).toEqual([]);
  });

  test('is gone when it has waited too long', async () => {
    const environment = { SUBJECT_TTL: '1s', SWEEP_INTERVAL: '100ms', PROBE_INTERVAL: '1h' };
    await start({ environment });
    chain.sandbox.script('*', [{ code: 'UnauthorizedOperation.Arrears' }]);
    const { id } = await chain.submit();
    expect(await chain.receiver.eventOf(id, 20_000)).toMatchObject({
      data: { outcome: { code: 'Veriqueue.SubjectExpired' } },
    });
    await expect.poll(subjects.ids).toEqual([]);
  });

  test('is gone when its record cannot be read and its time is over', async () => {
    await start({ environment: { SUBJECT_TTL: '1s', SWEEP_INTERVAL: '100ms' }, workers: 0 });
    const { id } = await chain.submit();
    await chain.redis.hset(chain.keys.record(id), 'status', 'no status');
    await chain.addWorker();
    await expect.poll(subjects.ids, { timeout: 60_000 }).toEqual([]);
  });

  test('is freed with the record where a worker has ended between outcome and deletion', async () => {
    await start({ environment: { RETENTION: '500ms', SWEEP_INTERVAL: '100ms' }, workers: 0 });
    const { id } = await chain.submit();
    subjects.dropDeletions(1);
    await chain.addWorker();
    await chain.receiver.eventOf(id);
    await expect.poll(() => chain.redis.exists(chain.keys.record(id)), { timeout: 60_000 }).toBe(0);
    await expect.poll(subjects.ids).toEqual([]);
  });

  test('is withdrawn with a submission of which a part failed', async () => {
    await start({ workers: 0 });
    const before = await listTraces();
    const counter = chain.keys.jobKey(chain.keys.verificationQueue, 'pc');
    await chain.redis.set(counter, 'not a number');
    expect((await submit('part')).status).toBe(503);
    expect(subjects.ids()).toEqual([]);
    expect(await listTraces()).toEqual(before);
    await chain.redis.set(counter, '0');
    expect((await submit('part')).status).toBe(202);
  });

  test('is refused with the submission when its store fails, and can be submitted again', async () => {
    await start({ workers: 0 });
    const before = await listTraces();
    subjects.failPuts(1);
    const refused = await submit('failing');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toMatchObject({ code: 'unavailable' });
    expect(subjects.ids()).toEqual([]);
    expect(await listTraces()).toEqual(before);
    const again = await submit('failing');
    expect(again.status).toBe(202);
    expect(subjects.ids()).toEqual([((await again.json()) as { id: string }).id]);
  });

  test('is freed when Redis refuses the whole submission', async () => {
    await start({ workers: 0 });
    const before = await listTraces();
    await chain.redis.config('SET', 'maxmemory', '1mb');
    try {
      expect((await submit('full')).status).toBe(503);
    } finally {
      await chain.redis.config('SET', 'maxmemory', '0');
    }
    expect(subjects.ids()).toEqual([]);
    expect(await listTraces()).toEqual(before);
  });
});
