import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { createPrimarySearch } from '../../../../shared/store/redis/primary-search.ts';
import { waitUntilReady } from '../../../../shared/store/redis/wait-until-ready.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

const readOnly = new Error("ERR Error running script: READONLY You can't write against a read only replica.");

test('a search begins at the first READONLY, and again half a second later', () => {
  let now = 0;
  const search = createPrimarySearch(() => now);
  expect([readOnly, readOnly, new Error('OOM'), readOnly].map(search.begins)).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(search.isUnderWay()).toBe(true);
  search.ended();
  expect(search.isUnderWay()).toBe(false);
  now = 500;
  expect(search.begins(readOnly)).toBe(true);
});

test('a hundred writes that a replica refuses cost a few connections and no log line of an outage', async () => {
  const lines: object[] = [];
  const note = (fields: object) => void lines.push(fields);
  const asking = openRedis({ url: server.url, log: { info: note, warn: note } }, 'unbatched');
  const silent = { info: () => undefined, warn: () => undefined };
  const operator = openRedis({ url: server.url, log: silent }, 'unbatched');
  await Promise.all([waitUntilReady(asking, 30_000), waitUntilReady(operator, 30_000)]);
  const connections = async () =>
    Number(/total_connections_received:(\d+)/.exec(await operator.info('stats'))?.[1]);
  const before = await connections();
  await operator.replicaof('127.0.0.1', 1);
  const began = performance.now();
  for (let written = 0; written < 100; written += 1) {
    await expect(asking.set('key', 'value')).rejects.toThrow('READONLY');
  }
  const allowed = 2 + Math.floor((performance.now() - began) / 500);
  await operator.replicaof('NO', 'ONE');
  expect(await asking.set('key', 'value')).toBe('OK');
  expect((await connections()) - before).toBeLessThanOrEqual(allowed);
  expect(lines.map((line) => (line as { event?: string }).event)).toEqual(['redis_connected']);
  await Promise.all([closeRedis(asking), closeRedis(operator)]);
});
