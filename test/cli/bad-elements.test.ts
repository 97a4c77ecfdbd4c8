import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UsageReport } from '../../shared/contract/usage.ts';
import { ledgerDay } from '../../shared/store/usage/ledger.ts';
import { finishVerification } from '../../shared/store/verifications/finish.ts';
import { recordDelivery } from '../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makeFinishing, makeOutcome, storeOf } from '../support/records.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type CliResult, runCli } from './run-cli.ts';

// What operators, other programs and half-done repairs leave in Redis: a key of another type, a hash without sense, an id of
// nothing. The rest of the list must not suffer from one of them.

let server: TestRedis;
let chain: Chain;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  chain = await startChain({ redis: server, workers: 0 });
  return () => chain.stop();
});

const cli = (...args: string[]) => runCli([...args, '--json'], chain.environment);
const resultOf = <T>({ stdout }: CliResult) => JSON.parse(stdout) as T;
const origin = () => new URL(chain.receiver.url).origin;

/** A verification with an outcome, whose event is in the state asked for. */
async function makeEvent(status: 'dead' | 'held' | 'delivered', clientId: string): Promise<string> {
  const { redis, keys } = chain;
  const { id } = await chain.submit();
  await finishVerification(storeOf(redis, keys), makeFinishing(id, { outcome: makeOutcome() }));
  const ended = { nextAttemptAt: null, attempt: null, now: Date.now(), keepUntil: null };
  await recordDelivery(redis, keys, { id, run: makeRunToken(), status, ...ended });
  // Its job of the submission waits for a verification that no worker of this test makes.
  await chain.queues.deliveries.remove(id, { removeChildren: true });
  if (status === 'held') {
    const endpoint = `${clientId} ${origin()}`;
    await redis.sadd(keys.deferringEndpoints(), endpoint);
    await redis.zadd(keys.deferredDeliveries(endpoint), Date.now(), id);
  }
  return id;
}

describe('a client that cannot be read', () => {
  it('is named beside the list of the others', async () => {
    const { redis, keys } = chain;
    const [damaged, foreign] = [await chain.addClient(), await chain.addClient()];
    await redis.hset(keys.client(damaged.clientId), 'allowedOrigins', '{');
    await redis.set(keys.client(foreign.clientId), 'no hash');
    await redis.hset(keys.apiKeys(), 'no-hash-of-a-key', 'garbage');

    for (const command of ['client', 'endpoints']) {
      const listed = await cli(command, 'list');
      expect(listed).toMatchObject({ code: 0 });
      expect(listed.stdout).toContain(chain.client.clientId);
      for (const name of [damaged.clientId, foreign.clientId, 'garbage'])
        expect(listed.stderr).toContain(`passed by: ${name}: `);
    }
  });

  it('with a callback that is no URL, does not hide the endpoints of the others', async () => {
    const { clientId } = await chain.addClient();
    await chain.redis.hset(chain.keys.client(clientId), 'callbackUrl', 'nowhere');
    const listed = await cli('endpoints', 'list');
    expect(listed).toMatchObject({ code: 0 });
    expect(listed.stdout).toContain(origin());
    expect(listed.stderr).toContain(`passed by: ${clientId}: `);
  });

  it('does not keep the secrets of others from a new key', async () => {
    const { redis, keys } = chain;
    const [damaged, foreign] = [await chain.addClient(), await chain.addClient()];
    await redis.hset(keys.client(damaged.clientId), 'webhookSecrets', '{');
    await redis.del(keys.client(foreign.clientId));
    await redis.set(keys.client(foreign.clientId), 'no hash');
    const rotated = await cli('keys', 'rotate');
    expect(resultOf(rotated)).toMatchObject({ webhookSecrets: { current: 1, unreadable: 2 } });
    expect(rotated.code).toBe(1);
    for (const { clientId } of [damaged, foreign])
      expect(rotated.stderr).toContain(`passed by: ${clientId}: `);
  });
});

describe('a subject that cannot be read', () => {
  it('does not keep the others from a new key', async () => {
    const { redis, keys } = chain;
    const [good, foreign, damaged] = [await chain.submit(), await chain.submit(), await chain.submit()];
    await redis.del(keys.subject(foreign.id));
    await redis.set(keys.subject(foreign.id), 'no hash');
    await redis.hset(keys.subject(damaged.id), 'key', 'no key');
    await redis.zadd(keys.unfinishedIndex(), 1, 'garbage');
    const rotated = await cli('keys', 'rotate');
    expect(resultOf(rotated)).toMatchObject({ subjects: { current: 1, unreadable: 2 } });
    for (const { id } of [foreign, damaged]) expect(rotated.stderr).toContain(`passed by: ${id}: `);
    expect(rotated.stderr).not.toContain(good.id);
  });
});

describe('deliveries', () => {
  it('are listed without those that cannot be read, which are named', async () => {
    const { redis, keys, queues } = chain;
    const { clientId } = chain.client;
    const [dead, unreadable] = [await makeEvent('dead', clientId), await makeEvent('dead', clientId)];
    const held = await makeEvent('held', clientId);
    await redis.hset(keys.record(unreadable), 'outcome', '{');
    await redis.zadd(keys.deadLetters(), 1, 'garbage');
    await redis.sadd(keys.deferringEndpoints(), 'another https://endpoint.example.com');
    await redis.set(keys.deferredDeliveries('another https://endpoint.example.com'), 'no sorted set');
    const delayed = keys.jobKey(keys.deliveryQueue, 'delayed');
    for (const [nth, job] of ['foreign', 'damaged', 'gone'].entries()) await redis.zadd(delayed, nth, job);
    await redis.set(keys.jobKey(keys.deliveryQueue, 'foreign'), 'no hash');
    await redis.hset(keys.jobKey(keys.deliveryQueue, 'damaged'), { name: 'deliver', data: '{', opts: '{}' });
    expect(await queues.deliveries.getDelayedCount()).toBe(3);

    const listed = await cli('deliveries', 'list');
    expect(listed).toMatchObject({ code: 0 });
    expect(resultOf<{ id: string }[]>(listed).map(({ id }) => id)).toEqual([held, dead]);
    for (const name of [unreadable, 'another https://endpoint.example.com', 'job foreign', 'job damaged'])
      expect(listed.stderr).toContain(`passed by: ${name}: `);
  });

  it('are shown although the log of their attempts is of another type', async () => {
    const id = await makeEvent('dead', chain.client.clientId);
    await chain.redis.set(chain.keys.deliveryLog(id), 'no list');
    const shown = await cli('deliveries', 'show', id);
    expect(shown).toMatchObject({ code: 0 });
    expect(resultOf(shown)).toMatchObject({ status: 'dead', log: [] });
  });

  it.each(['dead', 'resting'])(
    'of a range are redelivered past those that cannot be (%s)',
    async (events) => {
      const { redis, keys } = chain;
      const { clientId } = chain.client;
      const [first, foreign, last] = [
        await makeEvent('dead', clientId),
        await makeEvent('dead', clientId),
        await makeEvent('dead', clientId),
      ];
      await redis.del(keys.record(foreign));
      await redis.set(keys.record(foreign), 'no hash');
      const other = await chain.addClient();
      await redis.set(keys.clientIndex(other.clientId), 'no sorted set');
      const range =
        events === 'dead' ? ['--dead', '--client', clientId] : ['--since', '2026-01-01T00:00:00Z'];
      const redelivered = await cli('deliveries', 'redeliver', ...range);
      expect(redelivered).toMatchObject({ code: 0 });
      expect(resultOf(redelivered)).toMatchObject({ found: 3, redelivered: 2, unreadable: 1 });
      expect(redelivered.stderr).toContain(`passed by: ${foreign}: `);
      if (events === 'resting') expect(redelivered.stderr).toContain(`passed by: ${other.clientId}: `);
      for (const id of [first, last])
        expect(await redis.hget(keys.record(id), 'deliveryStatus')).toBe('pending');
    },
  );

  it('of an endpoint are released past those that cannot be, although another endpoint is damaged', async () => {
    const { redis, keys } = chain;
    const { clientId } = chain.client;
    const endpoint = `${clientId} ${origin()}`;
    const [first, foreign, last] = [
      await makeEvent('held', clientId),
      await makeEvent('held', clientId),
      await makeEvent('held', clientId),
    ];
    await redis.del(keys.record(foreign));
    await redis.set(keys.record(foreign), 'no hash');
    await redis.zadd(keys.deferredDeliveries(endpoint), 1, 'garbage');
    const damaged = `${clientId} https://endpoint.example.com`;
    await redis.sadd(keys.deferringEndpoints(), damaged);
    await redis.set(keys.deferredDeliveries(damaged), 'no sorted set');

    const released = await cli('endpoints', 'enable', clientId, origin());
    expect(released).toMatchObject({ code: 0 });
    expect(resultOf(released)).toMatchObject({ released: 2, left: 1 });
    expect(released.stderr).toContain(`passed by: ${foreign}: `);
    for (const id of [first, last])
      expect(await redis.hget(keys.record(id), 'deliveryStatus')).toBe('pending');

    const changed = await cli('client', 'set', clientId, '--origin', 'https://endpoint.example.com');
    expect(changed).toMatchObject({ code: 0 });
    expect(changed.stderr).toContain(`passed by: ${damaged}: `);
  });
});

describe('a ledger', () => {
  it('of one day that cannot be read leaves the other days', async () => {
    const { redis, keys } = chain;
    const { clientId } = chain.client;
    const [today, before] = [ledgerDay(Date.now()), ledgerDay(Date.now() - 86_400_000)];
    await redis.set(keys.ledger(before), 'no hash');
    await redis.hset(keys.ledger(today), {
      [`${clientId}|Success|billed`]: '2',
      [`${clientId}|Success|unbilled`]: '1e999',
      garbage: 'garbage',
    });
    for (const only of [[], ['--client', clientId]]) {
      const usage = await cli('usage', ...only);
      expect(usage).toMatchObject({ code: 0 });
      expect(resultOf<UsageReport>(usage).total).toEqual({ calls: 2, billed: 2, unbilled: 0, unknown: 0 });
      expect(usage.stderr).toContain(`passed by: ledger of ${before}: `);
    }
  });

  it('of one client that cannot be written leaves the others their usage', async () => {
    const { redis, keys } = chain;
    const other = await chain.addClient();
    const today = ledgerDay(Date.now());
    await redis.set(keys.clientLedger(other.clientId, today.slice(0, 7)), 'no hash');
    await redis.hset(keys.ledger(today), {
      [`${other.clientId}|Success|billed`]: '1',
      [`${chain.client.clientId}|Success|billed`]: '2',
    });
    const answer = await chain.call('/v1/usage');
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as UsageReport).total.calls).toBe(2);

    const own = await chain.call('/v1/usage', { as: other });
    expect(own.status).toBe(200);
  });

  it.each(['the day', 'the client', 'the count'])(
    'keeps no verification from its outcome (of %s)',
    async (bad) => {
      const { redis, keys } = chain;
      const { clientId } = chain.client;
      const today = ledgerDay(Date.now());
      if (bad === 'the day') await redis.set(keys.ledger(today), 'no hash');
      if (bad === 'the client') await redis.set(keys.clientLedger(clientId, today.slice(0, 7)), 'no hash');
      if (bad === 'the count')
        await redis.hset(keys.ledger(today), `${clientId}|Success|billed`, 'no number');
      await chain.addWorker();
      const { id } = await chain.submit();
      expect((await chain.receiver.eventOf(id)).data.outcome?.verdict).toBe('match');
    },
  );
});
