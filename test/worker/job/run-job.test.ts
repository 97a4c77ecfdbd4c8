import { Queue, type Worker } from 'bullmq';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoreKeys } from '../../../shared/store/keys.ts';
import { createAtomicFlow } from '../../../shared/store/queue/atomic-flow.ts';
import { keepLock } from '../../../shared/store/queue/keep-lock.ts';
import { nameParent } from '../../../shared/store/queue/packed-job.ts';
import { verificationFlow } from '../../../shared/store/queue/verification-flow.ts';
import { createPatientWrites } from '../../../shared/store/redis/patient-writes.ts';
import type { JobResult } from '../../../worker/job/job-result.ts';
import { createJobRunner } from '../../../worker/job/run-job.ts';
import { createWorkerMetrics } from '../../../worker/metrics.ts';
import { createQueueWorker, lockOf } from '../../../worker/queue-worker.ts';
import { useTestLane } from '../../support/lane.ts';
import { type RecordedLog, recordLog } from '../../support/recorded-log.ts';

const lane = useTestLane();
let keys: StoreKeys;
let log: RecordedLog;
let queue: Queue;
let worker: Worker;
let givenUp: string[];

beforeEach(() => {
  keys = lane.freshKeys();
  log = recordLog();
  givenUp = [];
  queue = new Queue(keys.deliveryQueue, { connection: lane.redis, prefix: keys.queuePrefix });
});
afterEach(async () => {
  await worker.close();
  await queue.close();
});

async function start(process: () => Promise<JobResult>, queueName = keys.deliveryQueue): Promise<void> {
  const redis = await lane.connect();
  const writes = createPatientWrites({
    probe: () => redis.set(keys.writeProbe(), '1', 'PX', 1_000),
    log: log.logger,
    now: Date.now,
  });
  const metrics = createWorkerMetrics(keys, () => redis.ping());
  worker = createQueueWorker({
    workerId: 'worker-1',
    queue: queueName,
    prefix: keys.queuePrefix,
    connection: redis,
    concurrency: 1,
    shutdown: new AbortController().signal,
    writes,
    metrics,
    log: log.logger,
    run: createJobRunner({
      process,
      restore: async () => null,
      giveUp: async (id) => {
        givenUp.push(id);
      },
      nameParent: (job) => nameParent(redis, keys, job),
      keepLock: (job, token) => keepLock(redis, lockOf(keys, job, token)),
      pauseClaims: (forMs) => worker.rateLimit(forMs),
      writes,
      errors: { delayMs: 10, allowed: 3 },
      metrics,
      log: log.logger,
      now: Date.now,
    }),
  });
  void worker.run();
}

const add = (jobId: string) =>
  queue.add('deliver', { id: 'ver_1', clientId: 'client_test' }, { jobId, priority: 1 });

describe('a job', () => {
  test('that keeps failing by a fault of ours is given up, under the id of its verification', async () => {
    await start(() => Promise.reject(new Error('a bug')));
    await add('ver_1-r2');
    await log.line((line) => line.event === 'job_set_aside');
    await expect.poll(() => givenUp).toEqual(['ver_1']);
    await expect.poll(() => queue.getJobState('ver_1-r2')).toBe('failed');
    expect(log.lines.filter(({ event }) => event === 'job_error')).toHaveLength(3);
  });

  test('of a verification that is given up releases the delivery that waits for it', async () => {
    const flow = createAtomicFlow(await lane.connect(), keys.queuePrefix, () => undefined);
    const data = { id: 'ver_1', clientId: 'client_test' };
    await flow.add(verificationFlow(keys, data, 'bulk'), () => undefined);
    expect(await queue.getJobState('ver_1')).toBe('waiting-children');
    await start(() => Promise.reject(new Error('a bug')), keys.verificationQueue);
    await expect.poll(() => queue.getJobState('ver_1'), { timeout: 60_000 }).toBe('prioritized');
    expect(givenUp).toEqual(['ver_1']);
    await flow.close();
  });

  test('that meets a Redis which refuses is never given up for it', async () => {
    const refused = Object.assign(new Error("OOM command not allowed when used memory > 'maxmemory'."), {
      name: 'ReplyError',
    });
    let starts = 0;
    await start(async () => {
      starts += 1;
      if (starts <= 10) throw refused;
      return { result: 'done' };
    });
    await add('ver_1');
    await expect.poll(() => starts).toBe(11);
    // What is done leaves Redis.
    await expect.poll(() => queue.getJobState('ver_1')).toBe('unknown');
    expect(givenUp).toEqual([]);
    expect(log.lines.map(({ event }) => event)).not.toContain('job_error');
  });

  test('whose lock ran out comes back when it said, if no other worker has it', async () => {
    let starts = 0;
    const done = new Promise<void>((resolve) => {
      void start(async () => {
        starts += 1;
        if (starts > 1) {
          resolve();
          return { result: 'done' };
        }
        await lane.redis.del(`${queue.toKey('ver_1')}:lock`);
        return { result: 'later', at: Date.now() + 200 };
      });
    });
    await add('ver_1');
    await done;
    expect(log.lines.map(({ event }) => event)).not.toContain('job_lost');
  });

  test('that another worker has by now is left to it', async () => {
    await start(async () => {
      await lane.redis.set(`${queue.toKey('ver_1')}:lock`, 'another', 'PX', 60_000);
      return { result: 'later', at: Date.now() };
    });
    await add('ver_1');
    await log.line((line) => line.event === 'job_lost');
    expect(await queue.getJobState('ver_1')).toBe('active');
    expect(givenUp).toEqual([]);
  });
});
