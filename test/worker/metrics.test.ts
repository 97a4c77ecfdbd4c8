import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

/** Timings decide nothing here. */
const patient = { timeout: 60_000 };

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis?.stop());

interface Counted {
  /** The value of a series by its labels besides the lane; undefined when there is none. */
  of(name: string, labels?: string): Promise<number | undefined>;
}

async function withWorker(
  environment: Readonly<Record<string, string>>,
  run: (chain: Chain, counted: Counted) => Promise<void>,
): Promise<void> {
  const chain = await startChain({ redis, workers: 0, environment });
  try {
    const worker = await chain.addWorker();
    await run(chain, {
      of: async (name, labels = '') => {
        const text = await (await fetch(`${worker.url}/metrics`)).text();
        const plain = text.replaceAll(/,?lane="[a-z0-9-]+",?/g, '');
        const found = plain.match(new RegExp(`^${name}\\{${labels}\\} (.+)$`, 'm'))?.[1];
        return found === undefined ? undefined : Number(found);
      },
    });
  } finally {
    await chain.stop();
  }
}

const linesOf = (chain: Chain, event: string) => chain.log.lines.filter((line) => line.event === event);
const endpointOf = (chain: Chain) => `${chain.client.clientId} ${new URL(chain.receiver.url).origin}`;

describe('a worker counts', () => {
  it('calls, slots, outcomes and deliveries, and how long they took', () =>
    withWorker({}, async (chain, counted) => {
      const flaky = makePerson();
      chain.sandbox.script(flaky.idCard, [{ code: 'FailedOperation.CompareSystemError' }, {}]);
      await chain.submit(flaky);
      await chain.submit(makePerson(), { priority: 'bulk' });
      await chain.receiver.accept(2);
      await expect.poll(() => counted.of('veriqueue_submission_to_delivery_seconds_count'), patient).toBe(2);
      for (const [name, labels, value] of [
        ['veriqueue_attempts_total', 'code="Success",kind="final",account="main"', 2],
        [
          'veriqueue_attempts_total',
          'code="FailedOperation.CompareSystemError",kind="transient",account="main"',
          1,
        ],
        ['veriqueue_attempt_duration_seconds_count', '', 3],
        ['veriqueue_slots_granted_total', 'rank="interactive",account="main"', 1],
        ['veriqueue_slots_granted_total', 'rank="interactive_retry",account="main"', 1],
        ['veriqueue_slots_granted_total', 'rank="bulk",account="main"', 1],
        ['veriqueue_slot_wait_seconds_count', '', 3],
        ['veriqueue_verifications_settled_total', 'code="Success",verdict="match",billed="true"', 2],
        ['veriqueue_submission_to_verdict_seconds_count', 'priority="interactive"', 1],
        ['veriqueue_submission_to_verdict_seconds_count', 'priority="bulk"', 1],
        ['veriqueue_deliveries_total', 'result="accepted"', 2],
        ['veriqueue_delivery_duration_seconds_count', '', 2],
        ['veriqueue_job_errors_total', 'queue="verifications"', 0],
      ] as const)
        expect([name, labels, await counted.of(name, labels)]).toEqual([name, labels, value]);
      await expect.poll(() => counted.of('veriqueue_in_flight', 'queue="deliveries"'), patient).toBe(0);
    }));

  it('sweeps and what they found', () =>
    withWorker({ SWEEP_INTERVAL: '50ms', RETENTION: '1ms' }, async (chain, counted) => {
      await chain.submit();
      await expect.poll(() => counted.of('veriqueue_swept_total', 'what="forgotten"'), patient).toBe(1);
      const at = await counted.of('veriqueue_last_sweep_timestamp_seconds');
      expect(Math.abs((at ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    }));

  it('jobs that cannot be worked on', () =>
    withWorker({}, async (chain, counted) => {
      await chain.queues.deliveries.add('deliver', { nonsense: true });
      const setAside = () => counted.of('veriqueue_jobs_set_aside_total', 'queue="deliveries"');
      await expect.poll(setAside, patient).toBe(1);
      expect(linesOf(chain, 'job_set_aside')).toHaveLength(1);
    }));
});

describe('an endpoint in trouble', () => {
  it('is reported in one line when it stops answering, in one when it answers again', () =>
    withWorker({ DELIVERY_SCHEDULE: '0s,1s,1s,1s,1s,1s,1s,1s,1s,1s' }, async (chain, counted) => {
      const open = () => counted.of('veriqueue_endpoint_breakers_open');
      expect(await open()).toBe(0);
      await chain.receiver.down();
      const events = await Promise.all(Array.from({ length: 6 }, () => chain.submit()));
      const stopped = await chain.log.line(({ event }) => event === 'endpoint_unresponsive');
      expect(stopped).toMatchObject({ level: 40, endpoint: endpointOf(chain) });
      expect(await open()).toBe(1);
      await chain.receiver.up();
      await chain.receiver.accept(events.length);
      await chain.log.line(({ event }) => event === 'endpoint_responsive');
      await expect.poll(open, patient).toBe(0);
      expect(await counted.of('veriqueue_endpoint_places_in_use')).toBe(0);
      expect(linesOf(chain, 'endpoint_unresponsive')).toHaveLength(1);
      expect(linesOf(chain, 'endpoint_responsive')).toHaveLength(1);
    }));

  it('is reported in one line and counted once when it is held, however many events it has', () =>
    withWorker({}, async (chain, counted) => {
      chain.receiver.answerWith(() => 410);
      const since = Date.now() - 600_000;
      const failing = { status: 'failing', failingSince: since, goneSince: since };
      await chain.redis.set(chain.keys.endpointHealth(endpointOf(chain)), JSON.stringify(failing));
      const events = 5;
      await Promise.all(Array.from({ length: events }, () => chain.submit()));
      const waiting = () => chain.redis.zcard(chain.keys.deferredDeliveries(endpointOf(chain)));
      await expect.poll(waiting, patient).toBe(events);
      expect(linesOf(chain, 'endpoint_held')).toEqual([
        expect.objectContaining({ level: 40, endpoint: endpointOf(chain), reason: 'gone' }),
      ]);
      expect(await counted.of('veriqueue_endpoint_holds_total', 'reason="gone"')).toBe(1);
      const producer = await (await fetch(`${chain.url}/metrics`)).text();
      expect(producer).toMatch(/^veriqueue_endpoints_held\{.*\} 1$/m);
      expect(producer).toMatch(
        new RegExp(`^veriqueue_deliveries_held\\{reason="endpoint_held".*\\} ${events}$`, 'm'),
      );
    }));
});

describe('the log', () => {
  it('shows the way of a verification under its id, from its submission to its delivery', () =>
    withWorker({}, async (chain) => {
      const person = makePerson();
      chain.sandbox.script(person.idCard, [{ code: 'FailedOperation.CompareSystemError' }, {}]);
      const { id } = await chain.submit(person);
      await chain.log.line(({ event, verification }) => event === 'delivery' && verification === id);
      const about = chain.log.lines.filter(({ verification }) => verification === id);
      expect(about.map(({ event, code, step }) => [event, code ?? step].filter(Boolean).join(' '))).toEqual([
        'verification_accepted',
        'attempt FailedOperation.CompareSystemError',
        'attempt Success',
        'verification_settled Success',
        'delivery delivered',
      ]);
    }));

  it('shows what a client had done to a verification', () =>
    withWorker({ PROBE_INTERVAL: '1h' }, async (chain) => {
      const { id } = await chain.submit();
      await chain.receiver.eventOf(id);
      await expect
        .poll(async () => (await chain.verification(id)).delivery.status, patient)
        .toBe('delivered');
      await chain.call(`/v1/verifications/${id}/redeliver`, { method: 'POST' });
      await chain.log.line(({ event, step }) => event === 'delivery' && step === 'delivered', { nth: 2 });
      const erase = () => chain.call(`/v1/verifications/${id}?erase=true`, { method: 'DELETE' });
      await expect.poll(async () => (await erase()).status, patient).toBe(404);
      for (const event of ['redelivery_asked', 'verification_erased'])
        expect(linesOf(chain, event)).toEqual([expect.objectContaining({ verification: id })]);
    }));
});
