import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryStatus } from '../../../../shared/contract/verification.ts';
import { type RedeliveryDeps, redeliver } from '../../../../shared/store/endpoints/redeliver.ts';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { createAtomicFlow } from '../../../../shared/store/queue/atomic-flow.ts';
import { beginDelivery } from '../../../../shared/store/verifications/begin-delivery.ts';
import { finishVerification } from '../../../../shared/store/verifications/finish.ts';
import { recordDelivery } from '../../../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../../../shared/store/verifications/run-token.ts';
import { startTestLane, type TestLane } from '../../../support/lane.ts';
import { acceptRecord, CLIENT_ID, makeFinishing, mustRead, storeOf } from '../../../support/records.ts';

let lane: TestLane;
let flowRedis: Redis;
let keys: StoreKeys;
let deps: RedeliveryDeps;
let queue: Queue;
beforeAll(async () => {
  lane = await startTestLane();
  flowRedis = await lane.connect();
});
afterAll(() => lane.stop());
beforeEach(() => {
  keys = lane.freshKeys();
  const flow = createAtomicFlow(flowRedis, keys.queuePrefix, () => undefined);
  deps = { redis: lane.redis, keys, flow };
  queue = new Queue(keys.deliveryQueue, {
    connection: lane.redis,
    prefix: keys.queuePrefix,
    skipMetasUpdate: true,
  });
});

const NOW = Date.UTC(2026, 2, 2, 4);

/** A verification whose delivery has come to this. */
async function withDelivery(status: DeliveryStatus): Promise<string> {
  const id = await acceptRecord(lane.redis, keys, lane.keyRing);
  await finishVerification(storeOf(lane.redis, keys), makeFinishing(id));
  const attempt = {
    at: new Date(NOW).toISOString(),
    durationMs: 3,
    status: 500,
    errorClass: null,
    answer: '',
  };
  const next = status === 'retrying' ? NOW : null;
  await recordDelivery(lane.redis, keys, {
    run: makeRunToken(),
    id,
    status,
    nextAttemptAt: next,
    attempt,
    now: NOW,
    keepUntil: null,
  });
  return id;
}

const listJobIds = async () => (await queue.getJobs(['prioritized'])).map((job) => job.id);

describe('redeliver', () => {
  it.each(['delivered', 'dead', 'held'] as const)(
    'starts a %s delivery again, in record and queue',
    async (status) => {
      const id = await withDelivery(status);
      expect(await redeliver(deps, id)).toEqual({ status: 'redelivered' });
      const { delivery } = await mustRead(lane.redis, keys, id);
      expect(delivery).toEqual({ status: 'pending', attempts: 0, nextAttemptAt: null });
      const jobs = await queue.getJobs(['prioritized']);
      expect(jobs.map((job) => [job.id, job.data])).toEqual([[`${id}-r1`, { clientId: CLIENT_ID }]]);
      expect(await lane.redis.llen(keys.deliveryLog(id))).toBe(1);
      expect(await lane.redis.zscore(keys.deadLetters(), id)).toBeNull();
      expect(await lane.redis.zscore(keys.retention(), id)).toBeNull();
    },
  );

  it.each(['pending', 'delivering', 'retrying'] as const)('leaves a %s delivery alone', async (status) => {
    const id = await withDelivery(status);
    expect(await redeliver(deps, id)).toEqual({ status: 'not_due', delivery: status });
    expect(await listJobIds()).toEqual([]);
  });

  it('redelivers from the states it was asked for alone', async () => {
    const id = await withDelivery('delivered');
    expect(await redeliver(deps, id, ['dead'])).toEqual({ status: 'not_due', delivery: 'delivered' });
    expect(await listJobIds()).toEqual([]);
  });

  it('knows verifications without an outcome, and those that are not there', async () => {
    const waiting = await acceptRecord(lane.redis, keys, lane.keyRing);
    expect(await redeliver(deps, waiting)).toEqual({ status: 'unanswered' });
    expect(await redeliver(deps, 'ver_nobody')).toEqual({ status: 'missing' });
  });

  it('takes the event out of the set where it waits, of its own client only', async () => {
    const id = await withDelivery('held');
    const [own, others] = [`${CLIENT_ID} https://a.example.com`, 'other https://a.example.com'];
    for (const endpoint of [own, others]) {
      await lane.redis.sadd(keys.deferringEndpoints(), endpoint);
      await lane.redis.zadd(keys.deferredDeliveries(endpoint), NOW, id);
    }
    await redeliver(deps, id);
    expect(await lane.redis.zcard(keys.deferredDeliveries(own))).toBe(0);
    expect(await lane.redis.zcard(keys.deferredDeliveries(others))).toBe(1);
  });

  it('lets one of many at once win, with one job', async () => {
    const id = await withDelivery('dead');
    const results = await Promise.all(Array.from({ length: 20 }, () => redeliver(deps, id)));
    expect(results.filter(({ status }) => status === 'redelivered')).toHaveLength(1);
    expect(await listJobIds()).toEqual([`${id}-r1`]);
    const run = makeRunToken();
    await beginDelivery(lane.redis, keys, id, run);
    await recordDelivery(lane.redis, keys, {
      run,
      id,
      status: 'dead',
      nextAttemptAt: null,
      attempt: null,
      now: NOW,
      keepUntil: null,
    });
    expect(await redeliver(deps, id)).toEqual({ status: 'redelivered' });
    expect((await listJobIds()).sort()).toEqual([`${id}-r1`, `${id}-r2`]);
  });

  it('adds the job though Redis has forgotten its scripts', async () => {
    const [first, second] = [await withDelivery('dead'), await withDelivery('dead')];
    await redeliver(deps, first);
    // What a Redis does that restarts: the connection believes that its scripts are known.
    await lane.redis.script('FLUSH');
    expect(await redeliver(deps, second)).toEqual({ status: 'redelivered' });
    expect((await listJobIds()).sort()).toEqual([`${first}-r1`, `${second}-r1`].sort());
  });

  it('changes nothing when the job cannot be added, and works again afterwards', async () => {
    const id = await withDelivery('dead');
    const counter = queue.toKey('pc');
    await lane.redis.set(counter, 'not a number');
    await expect(redeliver(deps, id)).rejects.toThrow();
    const { delivery } = await mustRead(lane.redis, keys, id);
    expect(delivery).toMatchObject({ status: 'dead', attempts: 1 });
    expect(await lane.redis.zscore(keys.deadLetters(), id)).toBe(String(NOW));
    await lane.redis.del(counter);
    expect(await redeliver(deps, id)).toEqual({ status: 'redelivered' });
  });
});
