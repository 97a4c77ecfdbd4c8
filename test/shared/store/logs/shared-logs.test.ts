import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { LOG_LEVELS, logsQuery } from '../../../../shared/contract/console-logs.ts';
import { storeKeys } from '../../../../shared/store/keys.ts';
import { appendLogs, LOGS_KEPT, LOGS_KEPT_MS } from '../../../../shared/store/logs/append-logs.ts';
import { followLogs } from '../../../../shared/store/logs/read-logs.ts';
import { readWantedLogs } from '../../../../shared/store/logs/wanted-logs.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

let server: TestRedis;
let redis: Redis;
const keys = storeKeys('main');
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});
beforeEach(() => redis.flushall());

const line = (n: number, level = 40) =>
  JSON.stringify({ level, time: '2026-03-01T08:00:00.000Z', part: 'worker', event: 'e', n, msg: 'said' });
const append = (lines: readonly string[], now = Date.now()) =>
  appendLogs(redis, keys, { from: 'worker@host/1', lines, now });
const read = (query: object = {}) => followLogs(redis, keys, logsQuery.parse(query));
const numbers = ({ data }: Awaited<ReturnType<typeof read>>) => data.map(({ fields }) => fields['n']);

it('a follower gets the latest lines of its level first, then every new one once', async () => {
  await append([line(1), line(2, 30), line(3, 50), line(4, 20)]);
  const first = await read({ latest: '2' });
  expect(numbers(first)).toEqual([2, 3]);
  expect(first.data[1]).toEqual({
    at: '2026-03-01T08:00:00.000Z',
    level: 'error',
    from: 'worker@host/1',
    event: 'e',
    message: 'said',
    fields: { n: 3 },
  });
  await append([line(5), 'no JSON', line(6)]);
  const second = await read({ cursor: first.nextCursor });
  expect([numbers(second), second.isMissed, second.isMore]).toEqual([[5, 6], false, false]);
  expect(numbers(await read({ cursor: second.nextCursor }))).toEqual([]);
  expect(numbers(await read({ latest: '0' }))).toEqual([]);
});

it('the lines kept are bounded in number and age, and a follower who was away is shown the gap', async () => {
  await append([line(0)]);
  const { nextCursor } = await read();
  const many = Array.from({ length: LOGS_KEPT }, (_, n) => line(n));
  for (let i = 0; i < 3; i += 1) await append(many);
  const kept = await redis.xlen(keys.sharedLogs());
  expect(kept).toBeGreaterThanOrEqual(LOGS_KEPT);
  expect(kept).toBeLessThan(LOGS_KEPT + 200);
  expect(await read({ cursor: nextCursor })).toMatchObject({ isMissed: true, isMore: true });
  expect(await redis.pttl(keys.sharedLogs())).toBeGreaterThan(LOGS_KEPT_MS - 60_000);
  await append([line(1)], Date.now() + LOGS_KEPT_MS + 60_000);
  expect(await redis.xlen(keys.sharedLogs())).toBe(0);
});

it('finer lines are wanted while they are followed, and for ten seconds more', async () => {
  expect(await readWantedLogs(redis, keys)).toBe(LOG_LEVELS.warn);
  await read({ level: 'warn' });
  expect(await readWantedLogs(redis, keys)).toBe(LOG_LEVELS.warn);
  await read();
  expect(await readWantedLogs(redis, keys)).toBe(LOG_LEVELS.info);
  await read({ level: 'debug' });
  expect(await readWantedLogs(redis, keys)).toBe(LOG_LEVELS.debug);
  for (const level of ['debug', 'info'])
    expect(await redis.pttl(keys.wantedLogs(level))).toBeLessThanOrEqual(10_000);
});

it('a Redis that takes no writes is read all the same', async () => {
  await append([line(1)]);
  await redis.config('SET', 'maxmemory', '1');
  try {
    await expect(append([line(2)])).rejects.toThrow('OOM');
    expect(numbers(await read())).toEqual([1]);
  } finally {
    await redis.config('SET', 'maxmemory', '0');
  }
});
