import { FlowProducer, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeKeys } from '../../../../shared/store/keys.ts';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { classifyRedisError } from '../../../../shared/store/redis/failure.ts';
import { waitUntilReady } from '../../../../shared/store/redis/wait-until-ready.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const log = { info: () => undefined, warn: () => undefined };

/** BullMQ on our connections, through the faults of a Redis. The driver and its options are what is tested. */
describe('a BullMQ worker on our connections', () => {
  const keys = storeKeys('resume');
  const opts = { prefix: keys.queuePrefix };
  let redis: TestRedis;
  let requests: Redis;
  let queueClient: Redis;
  let flows: FlowProducer;
  let workers: Worker[];
  const delivered = new Map<string, () => void>();

  beforeAll(async () => {
    redis = await startTestRedis();
    requests = openRedis({ url: redis.url, log }, 'request');
    queueClient = openRedis({ url: redis.url, log }, 'unbatched');
    await waitUntilReady(requests, 5_000);
    flows = new FlowProducer({ ...opts, connection: requests });
    flows.on('error', () => undefined);
    workers = [
      new Worker(keys.verificationQueue, async () => 'asked', { ...opts, connection: queueClient }),
      new Worker(keys.deliveryQueue, async (job) => delivered.get(job.data.name)?.(), {
        ...opts,
        connection: queueClient,
      }),
    ];
    for (const worker of workers) {
      worker.on('error', () => undefined);
    }
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  });
  afterAll(async () => {
    await Promise.all([...workers.map((worker) => worker.close()), flows.close()]);
    await Promise.all([closeRedis(requests), closeRedis(queueClient)]);
    await redis.stop();
  });

  function add(name: string) {
    return flows.add({
      name: 'deliver',
      queueName: keys.deliveryQueue,
      data: { name },
      opts: { priority: 1 },
      children: [
        {
          name: 'verify',
          queueName: keys.verificationQueue,
          data: {},
          opts: { ignoreDependencyOnFailure: true },
        },
      ],
    });
  }

  /** Resolves when the flow has gone through both queues. */
  async function addAndAwait(name: string): Promise<void> {
    const done = new Promise<void>((resolve) => delivered.set(name, resolve));
    await waitUntilReady(requests, 5_000);
    await add(name);
    await done;
  }

  it.each<[string, (redis: TestRedis) => Promise<void>]>([
    ['restarted', (server) => server.down()],
    ['crashed', (server) => server.crash()],
  ])('goes on by itself after Redis has %s', async (fault, take) => {
    await addAndAwait(`before-${fault}`);
    await take(redis);
    // Enough tries for the longest delay to have been reached.
    const delaysMs = await collectDelays(queueClient, 6);
    await redis.up();
    await addAndAwait(`after-${fault}`);
    // At worst, Redis comes back just after a try to connect began that is going to fail.
    expect(Math.max(...delaysMs) + Number(queueClient.options.connectTimeout)).toBeLessThan(2_000);
  });

  it('goes on by itself after Redis has hung', async () => {
    redis.hang();
    expect(await add('into-the-dark').catch(classifyRedisError)).toBe('gone');
    redis.wake();
    await addAndAwait('after-the-hang');
  });

  it('leaves nothing half-written when a flow cannot be added', async () => {
    await waitUntilReady(requests, 5_000);
    await redis.down();
    expect(await add('refused').catch(classifyRedisError)).toBe('gone');
    await redis.up();
    await waitUntilReady(requests, 5_000);
    const jobs = await requests.keys(`${keys.queuePrefix}:*`);
    const names = await Promise.all(
      jobs.filter((key) => /:[0-9a-f-]{36}$/.test(key)).map((key) => requests.hget(key, 'data')),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names).not.toContain(JSON.stringify({ name: 'refused' }));
  });

  it('can be closed while Redis is away', async () => {
    const worker = new Worker('short-lived', async () => undefined, { ...opts, connection: queueClient });
    worker.on('error', () => undefined);
    await worker.waitUntilReady();
    await redis.down();
    await collectDelays(queueClient, 2);
    await worker.close();
    await redis.up();
    expect(worker.closing).toBeDefined();
  });

  function collectDelays(client: Redis, count: number): Promise<number[]> {
    return new Promise((resolve) => {
      const delaysMs: number[] = [];
      const take = (delayMs: number) => {
        delaysMs.push(delayMs);
        if (delaysMs.length === count) {
          client.off('reconnecting', take);
          resolve(delaysMs);
        }
      };
      client.on('reconnecting', take);
    });
  }
});
