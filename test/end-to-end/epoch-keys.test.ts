import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { producerEnvironment } from '../../producer/settings.ts';
import { startProducer } from '../../producer/start-producer.ts';
import { readEpoch, wrapInEpoch } from '../../shared/sealing/epoch-wrap.ts';
import { createEpochKeys } from '../../shared/store/epochs/epoch-keys.ts';
import { runCli } from '../cli/run-cli.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

let epochServer: TestRedis;
let epochRedis: Redis;
let chain: Chain;

beforeAll(async () => {
  epochServer = await startTestRedis();
  epochRedis = new Redis(epochServer.url);
  await epochRedis.config('SET', 'save', '', 'appendonly', 'no');
  chain = await startChain({ workers: 0, environment: { EPOCH_KEYS_REDIS_URL: epochServer.url } });
});
afterAll(async () => {
  await chain?.stop();
  epochRedis?.disconnect();
  await epochServer?.stop();
});

const until = async (id: string, shown: object) =>
  expect.poll(() => chain.verification(id), { timeout: 60_000 }).toMatchObject(shown);

test('what an epoch has wrapped is answered; what a lost store had wrapped fails, and its event says so', async () => {
  const lost = await chain.submit();
  const wrapped = await chain.redis.hgetBuffer(chain.keys.subject(lost.id), 'key');
  expect(readEpoch(wrapped ?? Buffer.alloc(0))).toBe(Math.floor(Date.now() / 600_000));
  await epochRedis.flushall();
  await chain.addWorker();
  await until(lost.id, {
    status: 'failed',
    outcome: { code: 'Veriqueue.SubjectUnreadable', billed: false },
    delivery: { status: 'delivered' },
  });
  // Within a second a producer notices, and gives the store the present key back.
  const names = async () => {
    await chain.submit();
    return epochRedis.keys('vq-epoch:*');
  };
  await expect.poll(names, { timeout: 60_000 }).not.toEqual([]);
  await until((await chain.submit()).id, { status: 'completed', delivery: { status: 'delivered' } });
});

test('a producer whose clock is 25 minutes fast wraps in the epoch of the store, and ends no key early', async () => {
  const settings = producerEnvironment.parse(chain.environment);
  const fast = await startProducer(settings, { log: chain.log.logger, now: () => Date.now() + 25 * 60_000 });
  onTestFinished(() => fast.stop());
  await epochRedis.flushall();
  const answer = await fetch(`${fast.url}/v1/verifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${chain.client.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(makeSubmission(makePerson())),
  });
  expect(answer.status).toBe(202);
  const names = (await epochRedis.keys('vq-epoch:*')).map((name) => Number(name.slice('vq-epoch:'.length)));
  const [seconds] = await epochRedis.time();
  // One epoch, which has just begun or is about to end at most.
  expect(names).toHaveLength(1);
  expect([0, 1]).toContain(Math.floor(Number(seconds) / 600) - (names[0] ?? 0));
  expect(await epochRedis.pexpiretime(`vq-epoch:${names[0]}`)).toBe(((names[0] ?? 0) + 4) * 600_000);
});

test('keys rotate wraps again what an epoch has wrapped, if it has the store of epochs', async () => {
  const own = await startChain({
    redis: chain.redisServer,
    workers: 0,
    environment: { EPOCH_KEYS_REDIS_URL: epochServer.url },
  });
  onTestFinished(() => own.stop());
  const { id } = await own.submit();
  const newKey = `k2:${randomBytes(32).toString('base64')}`;
  const both = { ...own.environment, VERIQUEUE_KEYS: `${newKey},${own.environment['VERIQUEUE_KEYS']}` };
  const refused = await runCli(['keys', 'rotate'], { ...both, EPOCH_KEYS_REDIS_URL: '' });
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining('EPOCH_KEYS_REDIS_URL is not set'),
  ]);
  expect(await runCli(['keys', 'rotate'], both)).toMatchObject({ code: 0 });
  const wrapped = (await own.redis.hgetBuffer(own.keys.subject(id), 'key')) ?? Buffer.alloc(0);
  expect(readEpoch(wrapped)).not.toBeNull();
  await own.addWorker({ VERIQUEUE_KEYS: newKey });
  await expect
    .poll(() => own.verification(id), { timeout: 60_000 })
    .toMatchObject({ status: 'completed', delivery: { status: 'delivered' } });
});

test('a worker without the setting leaves what an epoch has wrapped to one that has it', async () => {
  const plain = await startChain({ redis: chain.redisServer, workers: 0 });
  onTestFinished(() => plain.stop());
  const { id } = await plain.submit();
  const subject = plain.keys.subject(id);
  const epochs = createEpochKeys(epochRedis);
  const byRing = (await plain.redis.hgetBuffer(subject, 'key')) ?? expect.fail('its key must be there');
  await plain.redis.hset(subject, 'key', wrapInEpoch(await epochs.current(), id, byRing));
  const without = await plain.addWorker();
  await plain.log.line(({ event }) => event === 'epoch_store_unknown', { withinMs: 60_000 });
  await without.stop();
  expect(await plain.verification(id)).toMatchObject({ outcome: null });
  await plain.addWorker({ EPOCH_KEYS_REDIS_URL: epochServer.url });
  await expect
    .poll(() => plain.verification(id), { timeout: 60_000 })
    .toMatchObject({ status: 'completed', delivery: { status: 'delivered' } });
});

test('a store that writes to a disk, evicts keys, or is the Redis of everything else, is refused at start', async () => {
  await epochRedis.config('SET', 'save', '3600 1');
  await expect(chain.addWorker()).rejects.toThrow(
    /^EPOCH_KEYS_REDIS_URL must be a Redis that writes nothing to a disk, and this one has save points/,
  );
  await epochRedis.config('SET', 'save', '', 'maxmemory-policy', 'volatile-lru');
  await expect(chain.addWorker()).rejects.toThrow(
    /evicts no key, and this one has maxmemory-policy volatile-lru/,
  );
  await epochRedis.config('SET', 'maxmemory-policy', 'noeviction');
  await expect(chain.addWorker({ EPOCH_KEYS_REDIS_URL: chain.redisServer.url })).rejects.toThrow(
    /^EPOCH_KEYS_REDIS_URL must be another Redis than REDIS_URL/,
  );
});
