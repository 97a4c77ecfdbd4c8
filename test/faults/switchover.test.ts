import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer/producer-under-test.ts';
import { recordLog } from '../support/recorded-log.ts';
import { type ReplicatedRedis, startReplicatedRedis } from '../support/replicated-redis.ts';

let redis: ReplicatedRedis;
beforeEach(async () => {
  redis = await startReplicatedRedis();
});
afterEach(() => redis.stop());

async function untilAccepted(producer: ProducerUnderTest): Promise<number> {
  let refused = 0;
  await expect
    .poll(
      async () => {
        const { status } = await producer.submit();
        if (status === 503) refused += 1;
        return status;
      },
      { timeout: 60_000, interval: 50 },
    )
    .toBe(202);
  return refused;
}

test('a producer whose connections stay with a primary that became a replica accepts again by itself', async () => {
  const producer = await startProducerUnderTest(redis.url);
  try {
    await producer.submitted();
    await redis.switchOver();
    const first = await producer.submit();
    expect(first.status).toBe(503);
    await untilAccepted(producer);
    expect((await fetch(`${producer.url}/readyz`)).status).toBe(200);
  } finally {
    await producer.close();
  }
});

test('its readiness finds that out before any client does', async () => {
  const producer = await startProducerUnderTest(redis.url);
  try {
    await producer.submitted();
    await redis.switchOver();
    const unready = await fetch(`${producer.url}/readyz`);
    expect(unready.status).toBe(503);
    expect(((await unready.json()) as { redis: string }).redis).toMatch(/READONLY/);
    await expect
      .poll(async () => (await fetch(`${producer.url}/readyz`)).status, { timeout: 60_000 })
      .toBe(200);
    expect((await producer.submit()).status).toBe(202);
  } finally {
    await producer.close();
  }
});

test('a failover in which packets vanish is noticed by a command, and its blocking connections are renewed with it', async () => {
  const log = recordLog();
  const client = openRedis({ url: redis.url, log: log.logger, name: 'vanishing' }, 'bullmq');
  await waitUntilReady(client, 30_000);
  const blocking = client.duplicate();
  await waitUntilReady(blocking, 30_000);
  try {
    // Long enough for BullMQ's longest wait; what asks all the time gives up sooner.
    expect(client.options.socketTimeout).toBeLessThanOrEqual(4_000);
    expect(blocking.options.socketTimeout).toBeGreaterThan(11_000);
    const waited = blocking.bzpopmin('nothing', 10);
    redis.proxy.swallow();
    await redis.switchOver();
    const renewed = new Promise<string>((resolve) => blocking.once('ready', () => resolve('renewed')));
    expect(await client.set('key', randomBytes(4).toString('hex'))).toBe('OK');
    // Its own timeout is eleven seconds away, and it would hear nothing before.
    expect(await Promise.race([renewed, waited.then(() => 'waited to the end')])).toBe('renewed');
    expect(log.lines.filter(({ event }) => event === 'redis_lost')[0]?.['reason']).toMatch(/Socket timeout/);
  } finally {
    await Promise.all([closeRedis(client), closeRedis(blocking)]);
  }
});
