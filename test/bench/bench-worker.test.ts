import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBenchWorker } from '../../bench/bench-worker.ts';
import { makeKeyText } from '../../bench/submitter.ts';
import type { RunningProcess } from '../../dev/start/child.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
let worker: RunningProcess | undefined;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(async () => {
  await worker?.stop();
  await redis.stop();
});

it("starts the benchmarks' compiled worker with all that it reads at its start", async () => {
  worker = await startBenchWorker({
    redisUrl: redis.url,
    lane: 'bench',
    keyText: makeKeyText(),
    environment: { FACEID_ENDPOINT: 'http://127.0.0.1:9' },
  });
  expect(worker).toBeDefined();
}, 120_000);
