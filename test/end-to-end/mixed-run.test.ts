import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, people } from '../../sandbox/people.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';

/** Faults that take as long as the worker's patience, which this run has set short. */
const TOO_SLOW = new Set(['hang', 'slow_first_byte', 'slow_body', 'huge']);
const WAITED_OUT = new Set(['account_fault', 'maintenance', 'daily_limit', 'pace']);
/** `MIXED_RUN_OTHERS=920` makes it a run of 1,000. */
const OTHERS = Number(process.env['MIXED_RUN_OTHERS'] ?? 200);
const PATIENCE_MS = 40_000 + OTHERS * 100;

/** Everybody who does not stop the lane or take his time, and whose submission is valid. */
const asked = people.filter(
  ({ name, results }) =>
    /^测试/.test(name) &&
    results.every(
      ({ code, fault, latencyMs }) =>
        !WAITED_OUT.has(resolveOutcome(code).kind) && !TOO_SLOW.has(fault ?? '') && (latencyMs ?? 0) < 1500,
    ),
);

let chain: Chain;
let submitted: Verification[];

/** Spread among people who match, so that the lane hardly ever sees sixteen failures among twenty attempts, and slows down. */
function mix(troubled: readonly Person[], calm: readonly { idCard: string; name: string }[]) {
  const share = Math.ceil(calm.length / troubled.length);
  return troubled.flatMap((person, i) => [person, ...calm.slice(i * share, (i + 1) * share)]);
}

beforeAll(async () => {
  chain = await startChain({ workers: 2, sandbox: { latencyMs: { min: 20, max: 80 } } });
  const scripted = ['RequestLimitExceeded', 'UnauthorizedOperation.Arrears', 'RequestLimitExceeded'].map(
    (code) => {
      const person = makePerson();
      chain.sandbox.script(person.idCard, [code]);
      return person;
    },
  );
  const calm = [...scripted, ...Array.from({ length: OTHERS - scripted.length }, makePerson)];
  // The most troubled come first, so that their retries are over before the calm ones are.
  const mixed = mix(asked.toReversed(), calm);
  submitted = await Promise.all(mixed.map((person) => chain.submit(person)));
  await chain.receiver.accept(submitted.length, PATIENCE_MS);
}, PATIENCE_MS + 20_000);
afterAll(() => chain?.stop());

async function ledger(): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  // The run may have gone over midnight of the upstream's day.
  for (const key of await chain.redis.keys(chain.keys.ledger('*'))) {
    for (const [field, count] of Object.entries(await chain.redis.hgetall(key))) {
      const [client, code = ''] = field.split('|');
      expect(client).toBe(chain.client.clientId);
      counts.set(code, (counts.get(code) ?? 0) + Number(count));
    }
  }
  return counts;
}

describe('after a mixed run', () => {
  it('every verification has one event, with one id', () => {
    const { deliveries, accepted } = chain.receiver;
    expect([...accepted.keys()].sort()).toEqual(submitted.map(({ id }) => id).sort());
    const ids = new Map(deliveries.map(({ event, webhookId }) => [event.data.id, webhookId]));
    expect(new Set(ids.values()).size).toBe(submitted.length);
    expect(deliveries).toHaveLength(submitted.length);
  });

  it('the ledger equals the count of the upstream, code by code', async () => {
    const [ours, theirs] = [await ledger(), Object.entries(chain.sandbox.stats().byCode)];
    const isFault = (code: string) => code.startsWith('fault:');
    for (const [code, count] of theirs)
      if (!isFault(code)) expect([code, ours.get(code)]).toEqual([code, count]);
    // What the upstream knows as a fault of the wire has names of our own in the ledger.
    const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);
    const unread = [...ours].filter(([code]) => code.startsWith('Veriqueue.'));
    const faults = theirs.filter(([code]) => isFault(code));
    expect(sum(unread.map(([, count]) => count))).toBe(sum(faults.map(([, count]) => count)));
    expect(sum(ours.values())).toBe(chain.sandbox.stats().requests);
  });

  it('no person was asked about more often than one call and the allowed retries', () => {
    for (const { idCard } of asked) {
      const { recent } = chain.sandbox.calls(idCard);
      // One that is refused as too fast was not answered, and is no attempt. A busy machine may stamp a call late.
      const calls = recent.filter(({ code }) => code !== 'RequestLimitExceeded').length;
      expect(calls).toBeGreaterThanOrEqual(1);
      expect(calls).toBeLessThanOrEqual(3);
    }
  });

  it('an attempt without a readable answer is marked as possibly billed', () => {
    for (const { data } of chain.receiver.accepted.values()) {
      const unknown = data.attempts.some(({ code }) => resolveOutcome(code).kind === 'unknown');
      expect([data.id, data.outcome?.possiblyBilledAgain]).toEqual([data.id, unknown]);
    }
  });

  it('no person’s data is left', async () => {
    expect(await chain.redis.keys(chain.keys.subject('*'))).toEqual([]);
    await expect.poll(async () => (await chain.lane()).photosStored.now).toBe(0);
    expect((await chain.lane()).photosStored.peak).toBeGreaterThan(0);
  });

  it('no job, no claim and no index entry of an earlier status is left', async () => {
    const { verifications, deliveries } = chain.queues;
    const everyState = ['active', 'delayed', 'failed', 'prioritized', 'wait', 'waiting-children'] as const;
    const jobs = async () =>
      Object.values({
        ...(await verifications.getJobCounts(...everyState)),
        deliveries: await deliveries.getJobCountByTypes(...everyState),
      }).reduce((total, count) => total + count, 0);
    await expect.poll(jobs).toBe(0);
    expect(await chain.redis.exists(chain.keys.inFlight())).toBe(0);
    for (const status of ['queued', 'verifying', 'retrying', 'deferred']) {
      expect(await chain.redis.zcard(chain.keys.clientStatusIndex(chain.client.clientId, status))).toBe(0);
    }
  });
});
