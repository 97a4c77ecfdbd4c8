import { FlowProducer, UnrecoverableError, Worker } from 'bullmq';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jobKeysOf, verificationFlow } from '../../shared/store/queue/verification-flow.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';

let chain: Chain;
beforeEach(async () => {
  chain = await startChain({
    workers: 0,
    environment: { SWEEP_INTERVAL: '100ms', DELIVERY_SCHEDULE: `0s${',100ms'.repeat(50)}` },
  });
});
afterEach(() => chain.stop());

const eventOf = (id: string) => chain.receiver.eventOf(id, 30_000);
const remove = (...patterns: string[]) =>
  Promise.all(
    patterns.map(async (pattern) => {
      const found = await chain.redis.keys(pattern);
      if (found.length > 0) await chain.redis.del(found);
    }),
  );

describe('a verification is asked about and answered, once, although', () => {
  test.each([
    ['its jobs were deleted', (id: string) => Object.values(jobKeysOf(chain.keys, id))],
    ['its verification job was deleted', (id: string) => [jobKeysOf(chain.keys, id).verification]],
    ['its delivery job was deleted', (id: string) => [`${jobKeysOf(chain.keys, id).delivery}*`]],
    ['the list it stood in was deleted', () => [chain.queues.verifications.toKey('prioritized')]],
    ['the list its delivery stood in was deleted', () => [chain.queues.deliveries.toKey('waiting-children')]],
    [
      'both queues were deleted',
      () => [chain.queues.verifications.toKey('*'), chain.queues.deliveries.toKey('*')],
    ],
  ])('%s', async (_, lost) => {
    const person = makePerson();
    const { id } = await chain.submit(person);
    await remove(...lost(id));
    await chain.addWorker();
    expect(await eventOf(id)).toMatchObject({ type: 'verification.completed' });
    expect(chain.sandbox.calls(person.idCard).calls).toBe(1);
    await expect.poll(async () => (await chain.verification(id)).delivery.status).toBe('delivered');
    await expect.poll(() => chain.redis.exists(...Object.values(jobKeysOf(chain.keys, id)))).toBe(0);
  });
});

test('an event arrives although its delivery lost its job after the outcome', async () => {
  let status = 500;
  chain.receiver.answerWith(() => status);
  const worker = await chain.addWorker();
  const { id } = await chain.submit();
  await expect.poll(() => chain.receiver.deliveries.length, { timeout: 60_000 }).toBeGreaterThan(0);
  await worker.stop();
  await remove(`${jobKeysOf(chain.keys, id).delivery}*`);
  await remove(chain.queues.deliveries.toKey('delayed'));
  status = 200;
  await chain.addWorker();
  await eventOf(id);
  await chain.log.line((line) => line.event === 'job_requeued' && line['what'] === 'delivery');
  await expect.poll(() => chain.redis.zcard(chain.keys.undeliveredIndex()), { timeout: 60_000 }).toBe(0);
});

test('jobs without a record are removed', async () => {
  const flow = new FlowProducer({ connection: chain.redis, prefix: chain.keys.queuePrefix });
  await flow.add(verificationFlow(chain.keys, { id: 'ver_orphan', clientId: 'unknown' }, 'bulk'));
  await remove(jobKeysOf(chain.keys, 'ver_orphan').verification);
  await chain.addWorker();
  await chain.log.line((line) => line.event === 'job_removed');
  const { delivery } = jobKeysOf(chain.keys, 'ver_orphan');
  await expect.poll(() => chain.redis.keys(`${delivery}*`)).toEqual([]);
  await flow.close();
});

describe('entries that nothing can be done about', () => {
  const junk = Array.from({ length: 450 }, (_, i) => `ver_junk_${String(i).padStart(3, '0')}`);

  test('do not keep the sweep from a subject that has expired', async () => {
    const { id } = await chain.submit();
    for (const bad of junk) {
      await chain.redis.set(chain.keys.record(bad), 'not a hash');
      await chain.redis.zadd(chain.keys.unfinishedIndex(), 1, bad);
    }
    // A job that cannot be removed keeps its entry on the list.
    await chain.redis.set(chain.queues.verifications.toKey(junk[0] ?? ''), 'not a hash');
    await chain.redis.hset(chain.keys.record(id), 'submittedAt', 2);
    await chain.redis.zadd(chain.keys.unfinishedIndex(), 2, id);
    await chain.addWorker();
    expect(await eventOf(id)).toMatchObject({
      type: 'verification.failed',
      data: { outcome: { code: 'Veriqueue.SubjectExpired' } },
    });
    expect(await chain.redis.exists(chain.keys.subject(id))).toBe(0);
  });

  test('do not keep it from a record whose time is over, and are logged once each', async () => {
    const worker = await chain.addWorker();
    const { id } = await chain.submit();
    await eventOf(id);
    await expect.poll(() => chain.redis.zscore(chain.keys.retention(), id)).not.toBeNull();
    for (const bad of junk) {
      await chain.redis.set(chain.keys.record(bad), 'not a hash');
      await chain.redis.zadd(chain.keys.retention(), 1, bad);
    }
    await chain.redis.zadd(chain.keys.retention(), 2, id);
    await expect.poll(() => chain.redis.exists(chain.keys.record(id)), { timeout: 60_000 }).toBe(0);
    const skipped = chain.log.lines.filter(({ event }) => event === 'sweep_skipped');
    expect(new Set(skipped.map(({ verification }) => verification)).size).toBe(skipped.length);
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toMatch(/^veriqueue_sweep_skipped_total\{.*what="forgotten".*\} [1-9]/m);
  });

  test('a subject whose record cannot be read is deleted all the same when it expires', async () => {
    const { id } = await chain.submit();
    await chain.redis.hset(chain.keys.record(id), 'priority', 'unheard of');
    await chain.redis.zadd(chain.keys.unfinishedIndex(), 2, id);
    await chain.addWorker();
    await expect.poll(() => chain.redis.exists(chain.keys.subject(id)), { timeout: 60_000 }).toBe(0);
  });

  test('one list that is no list takes no other step with it', async () => {
    await chain.redis.set(chain.keys.retention(), 'not a sorted set');
    const { id } = await chain.submit();
    await remove(...Object.values(jobKeysOf(chain.keys, id)));
    await chain.addWorker();
    await chain.log.line((line) => line.event === 'job_requeued');
  });
});

test('a job that failed although its work was done is removed, and one that was set aside stays', async () => {
  const { id } = await chain.submit();
  const failing = async (reason: string) => {
    const connection = chain.redis.duplicate({ maxRetriesPerRequest: null });
    const worker = new Worker(
      chain.queues.verifications.name,
      () => Promise.reject(new UnrecoverableError(reason)),
      { connection, prefix: chain.keys.queuePrefix },
    );
    await new Promise((resolve) => worker.once('failed', resolve));
    await worker.close();
    connection.disconnect();
  };
  await failing('OOM command not allowed when used memory > maxmemory.');
  await chain.redis.hset(chain.keys.record(id), { status: 'cancelled' });
  const aside = await chain.submit();
  await failing('Cannot work on this job: its data cannot be read');
  await chain.redis.hset(chain.keys.record(aside.id), { status: 'cancelled' });
  await chain.addWorker();
  const failed = () => chain.redis.zrange(chain.queues.verifications.toKey('failed'), '0', '-1');
  await expect.poll(failed, { timeout: 60_000 }).toEqual([aside.id]);
  expect(await chain.redis.exists(chain.queues.verifications.toKey(id))).toBe(0);
});
