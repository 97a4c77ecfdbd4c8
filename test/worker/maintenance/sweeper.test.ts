import { pino } from 'pino';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { createAudit } from '../../../shared/store/audit/audit.ts';
import {
  disableEndpoint,
  forgetEndpointHealth,
} from '../../../shared/store/endpoints/keep-endpoint-health.ts';
import type { SweepDeps } from '../../../worker/maintenance/sweep-deps.ts';
import { createSweep } from '../../../worker/maintenance/sweeper.ts';
import { createWorkerMetrics } from '../../../worker/metrics.ts';
import { type Chain, startChain } from '../../support/chain.ts';
import { startTestLane } from '../../support/lane.ts';
import { makePerson } from '../../support/person.ts';
import { acceptRecord, storeOf } from '../../support/records.ts';

const everyKey = async (chain: Chain, id: string) =>
  (await chain.redis.keys(`*${id}*`)).filter((key) => !key.includes('idempotency'));

describe('sweeping', () => {
  let chain: Chain;
  afterEach(() => chain.stop());

  test('shreds a subject that waited too long and answers with a failed verification', async () => {
    chain = await startChain({
      environment: { SUBJECT_TTL: '1s', SWEEP_INTERVAL: '100ms', PROBE_INTERVAL: '1h' },
    });
    chain.sandbox.script('*', [{ code: 'UnauthorizedOperation.Arrears' }]);
    const { id } = await chain.submit();
    const event = await chain.receiver.eventOf(id, 20_000);
    expect(event).toMatchObject({
      type: 'verification.failed',
      data: { status: 'failed', outcome: { verdict: 'error', code: 'Veriqueue.SubjectExpired' } },
    });
    expect(await chain.redis.exists(chain.keys.subject(id))).toBe(0);
    await expect.poll(() => chain.redis.zcard(chain.keys.unfinishedIndex())).toBe(0);
    expect(await chain.redis.hget(chain.keys.photosStored(), 'now')).toBe('0');
  });

  test('forgets a delivered verification when its retention is over', async () => {
    chain = await startChain({ environment: { RETENTION: '500ms', SWEEP_INTERVAL: '100ms' } });
    const { id } = await chain.submit(makePerson());
    await chain.receiver.eventOf(id);
    await expect.poll(() => everyKey(chain, id), { timeout: 60_000 }).toEqual([]);
    expect((await chain.call(`/v1/verifications/${id}`)).status).toBe(404);
    const listed = await (await chain.call('/v1/verifications')).json();
    expect(listed).toEqual({ data: [], nextCursor: null });
  });
});

/** As a process leaves it that was stopped; a minute later. Until its worker knows what has changed, it waits again. */
async function expectSent(
  { redis, keys, client, receiver }: Chain,
  place: string,
  id: string,
): Promise<void> {
  const waiting = keys.deferredDeliveries(`${client.clientId} ${place}`);
  let hasArrived = false;
  const arriving = receiver.eventOf(id, 60_000).then(() => {
    hasArrived = true;
  });
  const arrives = async () => {
    await redis.zadd(waiting, 'XX', Date.now() - 60_001, id);
    return hasArrived;
  };
  await expect.poll(arrives, { timeout: 60_000 }).toBe(true);
  await arriving;
  await expect.poll(() => redis.zscore(waiting, id), { timeout: 60_000 }).toBeNull();
}

async function expectWaits({ redis, keys, client }: Chain, place: string, id: string): Promise<void> {
  const waiting = keys.deferredDeliveries(`${client.clientId} ${place}`);
  await expect.poll(() => redis.zscore(waiting, id), { timeout: 60_000 }).not.toBeNull();
}

test('what waited for a callback is sent by a sweep, where the producer that changed the URL has ended', async () => {
  const chain = await startChain({ environment: { SWEEP_INTERVAL: '100ms' } });
  onTestFinished(() => chain.stop());
  const { redis, keys, client } = chain;
  const record = keys.client(client.clientId);
  const url = (await redis.hget(record, 'callbackUrl')) ?? expect.fail('the chain has a receiver');
  await redis.hdel(record, 'callbackUrl');
  const { id } = await chain.submit(makePerson());
  await expectWaits(chain, 'none', id);
  await redis.hset(record, 'callbackUrl', url);
  await expectSent(chain, 'none', id);
});

describe('what waited at a held origin is sent by a sweep, where the process that released it has ended', () => {
  async function startHeld() {
    const chain = await startChain({ environment: { SWEEP_INTERVAL: '100ms' } });
    onTestFinished(() => chain.stop());
    const { redis, keys, client } = chain;
    const { origin } = new URL(chain.receiver.url);
    const endpoint = `${client.clientId} ${origin}`;
    await disableEndpoint(redis, keys, endpoint, Date.now());
    const allow = (...origins: string[]) =>
      redis.hset(keys.client(client.clientId), 'allowedOrigins', JSON.stringify(origins));
    return { chain, origin, endpoint, allow };
  }

  test('to an origin that its client may use', async () => {
    const { chain, origin, endpoint, allow } = await startHeld();
    await allow(origin);
    const { id } = await chain.submit(makePerson(), { callbackUrl: chain.receiver.url });
    await expectWaits(chain, origin, id);
    await forgetEndpointHealth(chain.redis, chain.keys, endpoint);
    await expectSent(chain, origin, id);
  });

  test('to the default callback, and not what named an address itself that was taken away', async () => {
    const { chain, origin, endpoint, allow } = await startHeld();
    const own = await chain.submit(makePerson(), { callbackUrl: chain.receiver.url });
    const byDefault = await chain.submit(makePerson());
    for (const { id } of [own, byDefault]) await expectWaits(chain, origin, id);
    await allow();
    await chain.redis.zadd(chain.keys.deferredDeliveries(endpoint), 'XX', Date.now() - 60_001, own.id);
    await forgetEndpointHealth(chain.redis, chain.keys, endpoint);
    await expectSent(chain, origin, byDefault.id);
    const jobs = await chain.redis.hget(chain.keys.record(own.id), 'redelivery');
    expect([jobs, (await chain.verification(own.id)).delivery.status]).toEqual([null, 'held']);
  });
});

test('a job that is being looked at is taken away by a later sweep', async () => {
  const lane = await startTestLane();
  onTestFinished(() => lane.stop());
  const keys = lane.freshKeys();
  const id = await acceptRecord(lane.redis, keys, lane.keyRing, { submittedAt: 1_000 });
  const finished: string[] = [];
  const removed: string[] = [];
  const job = { active: true };
  const deps: SweepDeps = {
    ...storeOf(lane.redis, keys),
    queue: {
      remove: async (jobId) => {
        if (job.active) return 0;
        removed.push(jobId);
        return 1;
      },
      getJobState: async () => (job.active ? 'active' : 'unknown'),
    },
    deliveries: { remove: async () => 0 },
    flow: { add: async () => [] },
    writes: { note: () => false },
    metrics: createWorkerMetrics(keys, async () => undefined),
    finish: async (record) => {
      finished.push(record.id);
      await lane.redis.zrem(keys.unfinishedIndex(), record.id);
    },
    subjectTtlMs: 500,
    retentionMs: 3_600_000,
    audit: createAudit({ redis: lane.redis, keys, signingKey: null, log: pino({ enabled: false }) }),
    auditRetentionMs: 3_600_000,
    log: pino({ enabled: false }),
    now: () => 2_000,
  };
  const sweep = createSweep(deps);
  await sweep();
  expect({ finished, removed }).toEqual({ finished: [id], removed: [] });
  job.active = false;
  await sweep();
  expect(removed).toEqual([id]);
  await sweep();
  expect(removed).toEqual([id]);
});
