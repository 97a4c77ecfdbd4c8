import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOldestWaiting } from '../../producer/oldest-waiting.ts';
import { producerEnvironment } from '../../producer/settings.ts';
import { pauseAccount, resumeAccount } from '../../shared/account/limiter/pause-account.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { finishVerification } from '../../shared/store/verifications/finish.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';
import { makeFinishing, makeOutcome, storeOf } from '../support/records.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

const HOUR_MS = 3_600_000;

/** Timings decide nothing here. */
const patient = { timeout: 60_000 };

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis?.stop());

/** The value of a gauge at the producer, by the labels besides the lane; undefined when it is not reported. */
async function gauge(chain: Chain, name: string, labels = ''): Promise<number | undefined> {
  const text = await (await fetch(`${chain.url}/metrics`)).text();
  const line = text
    .replaceAll(/,?lane="[a-z0-9-]+"/g, '')
    .match(new RegExp(`^${name}\\{${labels}\\} (.+)$`, 'm'));
  return line?.[1] === undefined ? undefined : Number(line[1]);
}

async function withChain(options: Parameters<typeof startChain>[0], run: (chain: Chain) => Promise<void>) {
  const chain = await startChain({ redis, ...options });
  try {
    await run(chain);
  } finally {
    await chain.stop();
  }
}

describe('the oldest that waits', () => {
  const look = (chain: Chain, now: number) => readOldestWaiting(chain.redis, chain.keys, now);

  it('is none on an empty lane', () =>
    withChain({ workers: 0 }, async (chain) => {
      expect(await look(chain, Date.now())).toEqual({
        ...{ interactive: 0, bulk: 0, retrying: 0, deliveries: 0, unanswered: 0 },
      });
    }));

  it('has waited since its submission, by priority, whatever came later', () =>
    withChain({ workers: 0 }, async (chain) => {
      const bulk = await chain.submit(undefined, { priority: 'bulk' });
      const interactive = await chain.submit();
      await chain.submit(undefined, { priority: 'bulk' });
      await chain.submit();
      const now = Date.now() + HOUR_MS;
      expect(await look(chain, now)).toEqual({
        interactive: now - Date.parse(interactive.submittedAt),
        bulk: now - Date.parse(bulk.submittedAt),
        retrying: 0,
        deliveries: 0,
        unanswered: now - Date.parse(bulk.submittedAt),
      });
    }));

  it('has waited since its time came when it had been postponed, and before that not at all', () =>
    withChain({ workers: 1, environment: { RETRY_BASE: '1h', RETRY_CAP: '2h' } }, async (chain) => {
      chain.sandbox.script('*', [{ code: 'InternalError' }]);
      const { id, submittedAt } = await chain.submit();
      await expect.poll(() => chain.queues.verifications.getDelayedCount(), patient).toBe(1);
      const due = Number(await chain.redis.hget(chain.keys.record(id), 'nextAttemptAt'));
      expect(await look(chain, due - 1)).toMatchObject({ interactive: 0, retrying: 0 });
      const late = await look(chain, due + HOUR_MS);
      expect(late).toMatchObject({ interactive: 0, unanswered: due + HOUR_MS - Date.parse(submittedAt) });
      // The backoff is kept in whole milliseconds by both, and BullMQ may round.
      expect(Math.abs(late.retrying - HOUR_MS)).toBeLessThan(50);
    }));

  it('is an event since its outcome; one that is delivered again since that was asked for', () =>
    withChain({ workers: 0 }, async (chain) => {
      const { id } = await chain.submit();
      const completedAt = Date.now() - 24 * HOUR_MS;
      const outcome = makeOutcome({ completedAt: new Date(completedAt).toISOString() });
      await finishVerification(storeOf(chain.redis, chain.keys), makeFinishing(id, { outcome }));
      expect(await look(chain, Date.now())).toMatchObject({ interactive: 0, deliveries: 0, unanswered: 0 });
      // As the end of its verification job does.
      await chain.queues.verifications.remove(id);
      const now = Date.now();
      expect(await look(chain, now)).toMatchObject({ deliveries: now - completedAt });
      const worker = await chain.addWorker();
      await chain.receiver.eventOf(id);
      await expect
        .poll(async () => (await chain.verification(id)).delivery.status, patient)
        .toBe('delivered');
      await worker.stop();
      const asked = Date.now();
      await chain.call(`/v1/verifications/${id}/redeliver`, { method: 'POST' });
      const again = (await look(chain, asked + HOUR_MS)).deliveries;
      expect(again).toBeGreaterThan(HOUR_MS - 60_000);
      expect(again).toBeLessThanOrEqual(HOUR_MS);
    }));
});

describe('the lane in the metrics', () => {
  it('shows its one status, its rate and its margin', () =>
    withChain({ workers: 1, environment: { QUOTA_PER_SECOND: '50' } }, async (chain) => {
      await chain.submit();
      await chain.receiver.accept(1);
      await expect.poll(() => gauge(chain, 'veriqueue_lane_margin_seconds'), patient).toBe(0.02);
      expect(await gauge(chain, 'veriqueue_lane_quota_per_second')).toBe(50);
      expect(await gauge(chain, 'veriqueue_lane_rate_per_second')).toBe(50);
      const statuses = () =>
        Promise.all(
          ['running', 'slow', 'held', 'paused'].map((status) =>
            gauge(chain, 'veriqueue_lane_status', `status="${status}"`),
          ),
        );
      expect(await statuses()).toEqual([1, 0, 0, 0]);
      await pauseAccount(chain.redis, chain.accountKeys, 'a test');
      await expect.poll(statuses, patient).toEqual([0, 0, 0, 1]);
      await resumeAccount(chain.redis, chain.accountKeys);
      await expect.poll(statuses, patient).toEqual([1, 0, 0, 0]);
    }));

  it('shows dead letters, endpoints that fail, and events that no endpoint can receive', () =>
    withChain({ workers: 1, environment: { DELIVERY_SCHEDULE: '0s' } }, async (chain) => {
      chain.receiver.answerWith(() => 500);
      const { VERIQUEUE_KEYS: keyRing } = producerEnvironment.parse(chain.environment);
      const polling = await createClient(
        { redis: chain.redis, keys: chain.keys, keyRing },
        { name: 'polls', allowedOrigins: [], now: Date.now() },
      );
      await chain.submit();
      await submitAs(chain, polling);
      await expect.poll(() => gauge(chain, 'veriqueue_dead_letters'), patient).toBe(1);
      await expect.poll(() => gauge(chain, 'veriqueue_endpoints_failing'), patient).toBe(1);
      const held = (reason: string) => gauge(chain, 'veriqueue_deliveries_held', `reason="${reason}"`);
      await expect.poll(() => held('no_callback_url'), patient).toBe(1);
      expect(await held('endpoint_held')).toBe(0);
      expect(await gauge(chain, 'veriqueue_endpoints_held')).toBe(0);
    }));
});

describe('while Redis is away', () => {
  it('what is not known is absent, and not 0', async () => {
    const own = await startTestRedis();
    const chain = await startChain({ redis: own, workers: 0 });
    try {
      expect(await gauge(chain, 'veriqueue_dead_letters')).toBe(0);
      await own.down();
      expect(await gauge(chain, 'veriqueue_dead_letters')).toBeUndefined();
      expect(await gauge(chain, 'veriqueue_backlog', 'queue="bulk"')).toBeUndefined();
      expect(await gauge(chain, 'veriqueue_redis_up')).toBe(0);
      await own.up();
      await expect.poll(() => gauge(chain, 'veriqueue_redis_up'), patient).toBe(1);
      expect(await gauge(chain, 'veriqueue_dead_letters')).toBe(0);
      expect(chain.log.lines.filter(({ event }) => event === 'scrape_incomplete')).toEqual([]);
    } finally {
      await chain.stop();
      await own.stop();
    }
  });
});

async function submitAs(chain: Chain, client: Awaited<ReturnType<Chain['addClient']>>): Promise<void> {
  const answer = await chain.call('/v1/verifications', {
    as: client,
    method: 'POST',
    body: JSON.stringify(makeSubmission(makePerson())),
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(202);
}
