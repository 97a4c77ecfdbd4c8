import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ProducerUnderTest,
  readProblem,
  startProducerUnderTest,
} from '../producer/producer-under-test.ts';
import { makeSubmission } from '../producer/submission-builder.ts';
import { recordLog } from '../support/recorded-log.ts';
import { startTestRedis } from '../support/redis.ts';
import { type ReplicatedRedis, startReplicatedRedis } from '../support/replicated-redis.ts';
import { startWaitaofProxy } from '../support/waitaof-proxy.ts';

let redis: ReplicatedRedis;
let producer: ProducerUnderTest;
const log = recordLog();

describe('a producer with ACCEPT_AFTER=replicas:1', () => {
  beforeEach(async () => {
    redis = await startReplicatedRedis();
    producer = await startProducerUnderTest(redis.url, {
      environment: { ACCEPT_AFTER: 'replicas:1' },
      log: log.logger,
    });
  });
  afterEach(async () => {
    await producer.close();
    await redis.stop();
  });

  test('answers 202 for what the replica has: it outlives the primary', async () => {
    const { id } = await producer.submitted();
    await redis.first.kill();
    const replica = new Redis({ host: '127.0.0.1', port: redis.second.port, password: 'of-redis' });
    expect(await replica.hget(producer.keys.record(id), 'status')).toBe('queued');
    replica.disconnect();
  });

  test('answers many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => producer.submit()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
  });

  test('answers 503 while no replica confirms, takes that one back, and is asked again', async () => {
    await redis.second.kill();
    const refused = await producer.submit();
    expect(refused.status).toBe(503);
    expect((await readProblem(refused)).code).toBe('unavailable');
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    const unconfirmed = await log.line(({ event }) => event === 'submission_unconfirmed');
    expect(unconfirmed['reason']).toMatch(/0 of 1 replicas confirmed/);
    await log.line(({ event, result }) => event === 'submission_withdrawn' && result === 'withdrawn');
    await redis.second.start();
    await expect.poll(async () => (await producer.submit()).status, { timeout: 60_000 }).toBe(202);
  });

  test('lets a repeat under its key find out: 503 until a replica has it, then the same verification', async () => {
    const body = makeSubmission();
    const headers = { 'idempotency-key': 'unconfirmed' };
    await redis.second.kill();
    expect((await producer.submit(body, headers)).status).toBe(503);
    expect((await producer.submit(body, headers)).status).toBe(503);
    await redis.second.start();
    await expect
      .poll(async () => (await producer.submit(body, headers)).status, { timeout: 60_000 })
      .toBe(202);
    const { total } = (await (await producer.call('/v1/verifications')).json()) as { total?: number };
    expect(total ?? 1).toBe(1);
  });
});

test('a producer with ACCEPT_AFTER=fsync needs a Redis that can wait for its disk', async () => {
  const server = await startTestRedis();
  const start = () => startProducerUnderTest(server.url, { environment: { ACCEPT_AFTER: 'fsync' } });
  const admin = new Redis(server.url);
  const [, major = '0', minor = '0'] = /redis_version:(\d+)\.(\d+)/.exec(await admin.info('server')) ?? [];
  try {
    if (Number(major) * 100 + Number(minor) < 702) {
      await expect(start()).rejects.toThrow(
        /ACCEPT_AFTER=fsync needs Redis 7\.2 or newer \(WAITAOF\), but this one is .+ACCEPT_AFTER=replicas:1/,
      );
    } else {
      const able = await start();
      expect((await able.submit()).status).toBe(202);
      await able.close();
    }
  } finally {
    admin.disconnect();
    await server.stop();
  }
});

test('a producer with ACCEPT_AFTER=fsync answers 202 for what the disk has, and 503 for what it does not confirm', async () => {
  const server = await startTestRedis();
  const proxy = await startWaitaofProxy(Number(new URL(server.url).port));
  const able = await startProducerUnderTest(proxy.urlOf(server.url), {
    environment: { ACCEPT_AFTER: 'fsync' },
    log: log.logger,
  });
  try {
    const atStart = proxy.waits;
    const { id } = await able.submitted();
    expect(proxy.waits).toBeGreaterThan(atStart);
    proxy.confirm(false);
    const refused = await able.submit();
    expect(refused.status).toBe(503);
    expect((await readProblem(refused)).code).toBe('unavailable');
    await log.line(({ reason }) => /the disk confirmed nothing/.test(String(reason)));
    proxy.confirm(true);
    await expect.poll(async () => (await able.submit()).status, { timeout: 60_000 }).toBe(202);
    expect((await able.call(`/v1/verifications/${id}`)).status).toBe(200);
  } finally {
    await able.close();
    await proxy.close();
    await server.stop();
  }
});
