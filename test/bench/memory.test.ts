import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureQueueMemory, type QueueMemory } from '../../bench/memory/measure-memory.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

const BOUND = 1.1;

/** jemalloc rounds 270 kB and 300 kB in one piece up to 320 KiB. */
describe.each([100_000, 270_000, 300_000])('queued verifications with photos of %i bytes', (photoBytes) => {
  let redis: TestRedis;
  let memory: QueueMemory;

  beforeAll(async () => {
    redis = await startTestRedis();
    memory = await measureQueueMemory(redis.url, { photos: 100, photoBytes });
  });
  afterAll(() => redis.stop());

  it('take little more of Redis than their photos have', () => {
    expect(memory.ratio).toBeGreaterThan(1);
    expect(memory.ratio).toBeLessThanOrEqual(BOUND);
  });

  it('hold each photo once, and nothing of it outside the sealed subject', () => {
    expect(memory.keysRatio).toBeGreaterThan(1);
    expect(memory.keysRatio).toBeLessThanOrEqual(BOUND);
    expect(memory.besidesSubject).toBeLessThan(5_000);
  });
});
