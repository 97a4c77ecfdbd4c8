import { afterEach, describe, expect, test } from 'vitest';
import type { RunningProcess } from '../../dev/start/child.ts';
import type { UsageReport } from '../../shared/contract/usage.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, type TestPerson } from '../support/person.ts';
import { holdFirstDelivery } from './hold-first-delivery.ts';

let chain: Chain;
afterEach(() => chain.stop());

/** The request about this verification has left, and its answer is not there yet. */
const underWay = (id: string) =>
  expect
    .poll(() => chain.redis.hexists(chain.keys.record(id), 'sentAt'), { timeout: 60_000, interval: 20 })
    .toBe(1);

async function kill(worker: RunningProcess): Promise<void> {
  process.kill(worker.pid, 'SIGKILL');
  await worker.ended;
}

/** Recovery is promised within 15 s, which the storm measures; a busy machine gets much more before a test gives up. */
const RECOVERY_MS = 60_000;

describe('a worker that is killed', () => {
  test('leaves its verifications to others, which finish every one of them once and burn no attempt', async () => {
    chain = await startChain({ workers: 0, sandbox: { latencyMs: { min: 400, max: 400 } } });
    const doomed = await chain.addWorkerProcess();
    const people = Array.from({ length: 12 }, makePerson);
    for (const { idCard } of people.slice(0, 3)) {
      chain.sandbox.script(idCard, [{ code: 'Success', latencyMs: 60_000 }, 'Success']);
    }
    const submitted = await Promise.all(people.map((person) => chain.submit(person)));
    await Promise.all(submitted.slice(0, 3).map(({ id }) => underWay(id)));
    // The record says so a little before the request is gone: each must have used up its slow answer.
    const arrived = () => people.slice(0, 3).map(({ idCard }) => chain.sandbox.calls(idCard).calls);
    await expect.poll(arrived, { timeout: RECOVERY_MS }).toEqual([1, 1, 1]);
    await kill(doomed);
    await chain.addWorkerProcess();
    await chain.receiver.accept(12, RECOVERY_MS);
    for (const { id } of submitted) {
      const verification = await chain.verification(id);
      expect(verification).toMatchObject({ status: 'completed', outcome: { verdict: 'match' } });
      const crashed = verification.attempts.filter(({ code }) => code === 'Veriqueue.WorkerCrashed');
      expect(verification.outcome?.possiblyBilledAgain).toBe(crashed.length > 0);
      expect(verification.attempts.length - crashed.length).toBe(1);
    }
    const ids = new Set(chain.receiver.deliveries.map(({ webhookId }) => webhookId));
    expect(ids.size).toBe(12);
    expect(await chain.redis.hgetall(chain.keys.inFlight())).toEqual({});
  });

  test('delivers an event again under the same id when it died before it knew of the delivery', async () => {
    chain = await startChain({ workers: 0 });
    const doomed = await chain.addWorkerProcess();
    const arrival = holdFirstDelivery(chain, doomed);
    const { id } = await chain.submit();
    await arrival;
    await kill(doomed);
    await chain.addWorkerProcess();
    await expect
      .poll(() => chain.receiver.deliveries.filter(({ nth }) => nth > 1).length, { timeout: RECOVERY_MS })
      .toBe(1);
    expect(new Set(chain.receiver.deliveries.map(({ webhookId }) => webhookId)).size).toBe(1);
    const person = chain.sandbox.stats();
    expect(person.accepted).toBe(1);
    expect(await chain.verification(id)).toMatchObject({ status: 'completed' });
  });
});

describe('a verification that kills its workers', () => {
  test('is quarantined with an event after seven deaths, three of them alone, and the others are finished', async () => {
    chain = await startChain({ workers: 0 });
    const poison: TestPerson = makePerson();
    chain.sandbox.script(
      poison.idCard,
      Array.from({ length: 9 }, () => ({ code: 'Success', latencyMs: 60_000 })),
    );
    let worker = await chain.addWorkerProcess();
    const { id } = await chain.submit(poison);
    for (let death = 0; death < 7; death += 1) {
      await underWay(id);
      await kill(worker);
      await chain.redis.hdel(chain.keys.record(id), 'sentAt');
      worker = await chain.addWorkerProcess();
    }
    const bystander = await chain.submit();
    await chain.receiver.accept(2, RECOVERY_MS);
    expect(await chain.verification(bystander.id)).toMatchObject({ status: 'completed' });
    expect(await chain.verification(id)).toMatchObject({
      status: 'failed',
      outcome: { verdict: 'error', code: 'Veriqueue.Quarantined' },
    });
    expect(chain.receiver.accepted.get(id)).toMatchObject({ type: 'verification.failed' });
    expect(await chain.redis.exists(chain.keys.subject(id))).toBe(0);
  }, 240_000);
});

describe('a worker that stands still for longer than its lock', () => {
  test('sends nothing more when it comes back, and what it had sent is counted once', async () => {
    chain = await startChain({ workers: 0, environment: { QUOTA_PER_SECOND: '1' } });
    const people = Array.from({ length: 12 }, makePerson);
    const slow = makePerson();
    chain.sandbox.script(slow.idCard, [{ code: 'Success', latencyMs: 6_000 }, 'Success']);
    const submitted = await Promise.all(
      [slow, ...people].map(async (person) => ({ person, id: (await chain.submit(person)).id })),
    );
    const frozen = await chain.addWorkerProcess();
    // Claims are let through faster than slots come: some verification has been claimed and waits for its slot nearly all the
    // time. The worker is stopped, and looked at then; if what it had claimed had all been sent by the time, it goes on a bit.
    const claimedUnsent = async () => {
      const found = [];
      for (const each of submitted) {
        const fields = await chain.redis.hmget(chain.keys.record(each.id), 'claimedBy', 'sentAt');
        if (fields[0] !== null && fields[1] === null) found.push(each);
      }
      return found;
    };
    const callsAbout = (person: TestPerson) => chain.sandbox.calls(person.idCard).recent.length;
    let unsent = await claimedUnsent();
    const stopWithUnsent = async () => {
      if (callsAbout(slow) === 0 || (await claimedUnsent()).length === 0) return false;
      process.kill(frozen.pid, 'SIGSTOP');
      unsent = await claimedUnsent();
      if (unsent.length === 0) process.kill(frozen.pid, 'SIGCONT');
      return unsent.length > 0;
    };
    await expect.poll(stopWithUnsent, { timeout: 60_000, interval: 10 }).toBe(true);

    await chain.addWorkerProcess();
    await chain.receiver.accept(13, 2 * RECOVERY_MS);
    process.kill(frozen.pid, 'SIGCONT');
    await frozen.stop();

    for (const { person } of unsent) expect(callsAbout(person)).toBe(1);
    for (const { id, person } of submitted) {
      if (callsAbout(person) === 1) continue;
      const outcome = chain.receiver.accepted.get(id)?.data.outcome;
      expect(outcome?.possiblyBilledAgain).toBe(true);
    }
    const usage = (await (await chain.call('/v1/usage')).json()) as UsageReport;
    expect(usage.total.calls).toBe(chain.sandbox.stats().requests);
    expect(await chain.redis.hgetall(chain.keys.inFlight())).toEqual({});
  }, 300_000);
});

describe('a worker that only seemed to be dead', () => {
  test('has the last word when it comes back with an answer, before its verification is quarantined', async () => {
    chain = await startChain({
      workers: 0,
      sandbox: { latencyMs: { min: 1_500, max: 1_500 } },
      environment: { UPSTREAM_TIMEOUT: '60s' },
    });
    const stopped = await chain.addWorkerProcess();
    const person = makePerson();
    const { id } = await chain.submit(person);
    const calls = () => chain.sandbox.calls(person.idCard).calls;
    await expect.poll(calls, { timeout: 60_000, interval: 10 }).toBe(1);
    process.kill(stopped.pid, 'SIGSTOP');
    // As if others had died with it before, and this one had been made to run alone: the next claim finds the third death.
    const [first, token] = await chain.redis.hmget(chain.keys.record(id), 'claimedBy', 'claimToken');
    const beat = String(Date.now() - 60_000);
    await chain.redis.zadd(chain.keys.heartbeats(), beat, 'dead-1', beat, 'dead-2');
    await chain.redis.hset(chain.keys.record(id), {
      deaths: `alone:${beat}:dead-1 alone:${beat}:dead-2 `,
      ranAlone: token ?? '',
    });
    await chain.addWorkerProcess();
    const claimer = () => chain.redis.hget(chain.keys.record(id), 'claimedBy');
    await expect.poll(claimer, { timeout: RECOVERY_MS, interval: 10 }).not.toBe(first);
    // The other worker has had the time to give it up, if it were in a hurry.
    const bystander = await chain.submit();
    await chain.receiver.eventOf(bystander.id);
    process.kill(stopped.pid, 'SIGCONT');
    expect(await chain.receiver.eventOf(id)).toMatchObject({
      type: 'verification.completed',
      data: { outcome: { verdict: 'match' } },
    });
    expect(calls()).toBe(1);
  });
});

describe('workers that lose a verification again and again and live', () => {
  test('do not quarantine it, although each had nothing else in flight', async () => {
    chain = await startChain({ workers: 0, environment: { UPSTREAM_TIMEOUT: '60s' } });
    const person = makePerson();
    const slow = { code: 'Success', latencyMs: 60_000 } as const;
    chain.sandbox.script(person.idCard, [slow, slow, slow, slow, slow, 'Success']);
    const { id } = await chain.submit(person);
    const calls = () => chain.sandbox.calls(person.idCard).calls;
    const beats = async (worker: string) => Number(await chain.redis.zscore(chain.keys.heartbeats(), worker));
    const parts = [await chain.addWorkerProcess()];
    const known = new Map<string, RunningProcess>();
    for (let lost = 1; lost <= 5; lost += 1) {
      await expect.poll(calls, { timeout: RECOVERY_MS, interval: 10 }).toBe(lost);
      const holder = (await chain.redis.hget(chain.keys.record(id), 'claimedBy')) ?? '';
      if (!known.has(holder)) known.set(holder, parts[known.size] as RunningProcess);
      const stopped = known.get(holder) as RunningProcess;
      process.kill(stopped.pid, 'SIGSTOP');
      const before = await beats(holder);
      if (parts.length < 2) parts.push(await chain.addWorkerProcess());
      const claimer = () => chain.redis.hget(chain.keys.record(id), 'claimedBy');
      await expect.poll(claimer, { timeout: RECOVERY_MS, interval: 10 }).not.toBe(holder);
      process.kill(stopped.pid, 'SIGCONT');
      await expect.poll(() => beats(holder), { timeout: RECOVERY_MS }).toBeGreaterThan(before);
    }
    expect(await chain.receiver.eventOf(id)).toMatchObject({
      type: 'verification.completed',
      data: { outcome: { verdict: 'match', code: 'Success' } },
    });
    // They still wait for answers that are needed no more.
    for (const part of parts) await kill(part);
  }, 180_000);
});

describe('a worker that receives a signal to stop', () => {
  test('finishes what is under way, hands back the rest and exits with 0', async () => {
    chain = await startChain({ workers: 0, sandbox: { latencyMs: { min: 300, max: 300 } } });
    const stopping = await chain.addWorkerProcess();
    const submitted = await Promise.all(Array.from({ length: 10 }, () => chain.submit()));
    await underWay(submitted[0]?.id ?? '');
    await stopping.stop();
    expect(await stopping.ended).toContain('code 0');
    await chain.addWorkerProcess();
    await chain.receiver.accept(10, RECOVERY_MS);
    for (const { id } of submitted) {
      const { attempts, outcome } = await chain.verification(id);
      expect(outcome).toMatchObject({ verdict: 'match', possiblyBilledAgain: false });
      expect(attempts).toHaveLength(1);
    }
  });
});
