import { afterEach, describe, expect, test } from 'vitest';
import type { RunningProcess } from '../../dev/start/child.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, type TestPerson } from '../support/person.ts';
import { holdFirstDelivery } from './hold-first-delivery.ts';

let chain: Chain;
afterEach(() => chain.stop());

/** Twice as long as a worker may be silent. */
const LONG_MS = 6_000;
const GENEROUS = { timeout: 60_000, interval: 20 };
const slow = { code: 'Success', latencyMs: 60_000 } as const;

const callsAbout = ({ idCard }: TestPerson) => chain.sandbox.calls(idCard).calls;

async function kill(worker: RunningProcess): Promise<void> {
  process.kill(worker.pid, 'SIGKILL');
  await worker.ended;
}

/** Gives the lock of a job another minute and more, as if the check for stalled jobs were that far away. */
async function lengthenLock(queue: string, id: string): Promise<void> {
  const lock = `${chain.keys.jobKey(queue, id)}:lock`;
  expect(await chain.redis.pexpire(lock, 600_000)).toBe(1);
}

/** Heartbeats have followed one another for so long that every silent worker was found. */
async function longUnbroken(): Promise<void> {
  await expect
    .poll(async () => {
      const [last, since] = await chain.redis.hmget(chain.keys.heartbeatWatch(), 'last', 'since');
      return Number(last) - Number(since);
    }, GENEROUS)
    .toBeGreaterThan(LONG_MS);
}

describe('what a killed worker held', () => {
  test('is asked about by another one while its lock would last for minutes, and counts one death', async () => {
    chain = await startChain({ workers: 0, environment: { UPSTREAM_TIMEOUT: '90s' } });
    const person = makePerson();
    chain.sandbox.script(person.idCard, [slow, slow, 'Success']);
    const { id } = await chain.submit(person);
    let holder = await chain.addWorkerProcess();
    for (let hits = 1; hits <= 2; hits += 1) {
      await expect.poll(() => callsAbout(person), GENEROUS).toBe(hits);
      const next = await chain.addWorkerProcess();
      await lengthenLock(chain.keys.verificationQueue, id);
      await kill(holder);
      holder = next;
    }
    const event = await chain.receiver.eventOf(id, 60_000);
    expect(event.data.outcome).toMatchObject({ verdict: 'match', possiblyBilledAgain: true });
    const deaths = (await chain.redis.hget(chain.keys.record(id), 'deaths')) ?? '';
    expect(deaths.trim().split(' ')).toHaveLength(2);
    expect(callsAbout(person)).toBe(3);
  }, 180_000);

  test('is delivered by another one while its lock would last for minutes', async () => {
    chain = await startChain({ workers: 0 });
    const doomed = await chain.addWorkerProcess();
    const arrival = holdFirstDelivery(chain, doomed);
    const { id } = await chain.submit();
    await arrival;
    await lengthenLock(chain.keys.deliveryQueue, id);
    await kill(doomed);
    await chain.addWorkerProcess();
    await expect.poll(() => chain.receiver.deliveries.filter(({ nth }) => nth > 1).length, GENEROUS).toBe(1);
    expect(new Set(chain.receiver.deliveries.map(({ webhookId }) => webhookId)).size).toBe(1);
  }, 120_000);
});

describe('workers that live', () => {
  test('keep what they hold when Redis was away, and when one of them ends in order', async () => {
    chain = await startChain({ workers: 2, environment: { UPSTREAM_TIMEOUT: '90s' } });
    const leaving = await chain.addWorker();
    const people = Array.from({ length: 6 }, makePerson);
    for (const { idCard } of people) chain.sandbox.script(idCard, [slow, 'Success']);
    await longUnbroken();
    for (const person of people) await chain.submit(person);
    await expect.poll(() => people.map(callsAbout), GENEROUS).toEqual(people.map(() => 1));
    await chain.redisServer.down();
    await chain.redisServer.up();
    await longUnbroken();
    expect(chain.log.lines.filter(({ event }) => event === 'worker_silent')).toEqual([]);

    await leaving.stop();
    await longUnbroken();
    expect(chain.log.lines.filter(({ event }) => event === 'worker_silent')).toEqual([]);
  }, 180_000);
});

describe('a worker that is stopped for longer than it may be silent', () => {
  test('has its verification asked about once more, and one event says that it may be billed twice', async () => {
    chain = await startChain({ workers: 0, environment: { UPSTREAM_TIMEOUT: '90s' } });
    const person = makePerson();
    chain.sandbox.script(person.idCard, [slow, 'Success']);
    const { id } = await chain.submit(person);
    const stopped = await chain.addWorkerProcess();
    await expect.poll(() => callsAbout(person), GENEROUS).toBe(1);
    await lengthenLock(chain.keys.verificationQueue, id);
    process.kill(stopped.pid, 'SIGSTOP');
    await chain.addWorkerProcess();
    const event = await chain.receiver.eventOf(id, 60_000);
    expect(event.data.outcome).toMatchObject({ verdict: 'match', possiblyBilledAgain: true });
    const lastOf = async (worker: string) =>
      Number(await chain.redis.zscore(chain.keys.heartbeats(), worker));
    const [oldest = ''] = await chain.redis.zrange(chain.keys.heartbeats(), '0', '0');
    const silentSince = await lastOf(oldest);
    process.kill(stopped.pid, 'SIGCONT');
    await expect.poll(() => lastOf(oldest), GENEROUS).toBeGreaterThan(silentSince);
    await longUnbroken();
    await kill(stopped);
    expect(callsAbout(person)).toBe(2);
    expect(chain.receiver.deliveries).toHaveLength(1);
  }, 180_000);
});
