import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { loadGatheredScript } from '../../../../shared/store/redis/gathered-script.ts';
import { waitUntilReady } from '../../../../shared/store/redis/wait-until-ready.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const silent = { info: () => undefined, warn: () => undefined };

const addTwice = loadGatheredScript(new URL('scripts/add-twice.lua', import.meta.url));

describe('a gathered script', () => {
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await startTestRedis();
    client = openRedis({ url: redis.url, log: silent }, 'request');
    await waitUntilReady(client, 5_000);
  });
  afterAll(async () => {
    await closeRedis(client);
    await redis.stop();
  });
  beforeEach(async () => {
    await client.flushall();
    // Known to Redis from here on, so that every command counted is one of the test's own.
    await addTwice(client, ['known', 'known2'], [1]);
    await client.config('RESETSTAT');
  });

  const countCommands = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);

  it('takes what one turn asks for to Redis in one command, and gives each its own answer', async () => {
    const answers = await Promise.all([1, 2, 3].map((n) => addTwice(client, [`a${n}`, 'sum'], [n])));
    expect(answers).toEqual([1, 2, 3]);
    expect(await client.get('sum')).toBe('6');
    expect(await countCommands()).toBe(1);
  });

  it('gathers what callbacks of the same turn ask for, each after the ticks of the one before', async () => {
    const asked = [1, 2, 3].map(
      (n) =>
        new Promise((resolve, reject) =>
          setImmediate(() => addTwice(client, [`a${n}`, 'sum'], [n]).then(resolve, reject)),
        ),
    );
    expect(await Promise.all(asked)).toEqual([1, 2, 3]);
    expect(await countCommands()).toBe(1);
  });

  it('runs the items in the order they were asked for', async () => {
    const answers = await Promise.all([5, 6, 7].map((n) => addTwice(client, ['same', 'sum'], [n])));
    expect(answers).toEqual([5, 11, 18]);
  });

  it('does not let more than eight wait for one another', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => addTwice(client, [`a${n}`, 'sum'], [n + 1])),
    );
    expect(answers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(await countCommands()).toBe(3);
  });

  it('asks again in a later turn', async () => {
    await addTwice(client, ['a', 'sum'], [1]);
    await addTwice(client, ['a', 'sum'], [1]);
    expect(await client.get('a')).toBe('2');
    expect(await countCommands()).toBe(2);
  });

  it('keeps connections apart', async () => {
    const other = openRedis({ url: redis.url, log: silent }, 'request');
    await waitUntilReady(other, 5_000);
    await Promise.all([addTwice(client, ['a', 'sum'], [1]), addTwice(other, ['b', 'sum'], [1])]);
    expect(await countCommands()).toBe(2);
    await closeRedis(other);
  });

  it('fails for the item that fails, and for no other', async () => {
    await client.lpush('list', 'no number');
    const answers = await Promise.allSettled([
      addTwice(client, ['a', 'sum'], [1]),
      addTwice(client, ['list', 'sum'], [1]),
      addTwice(client, ['b', 'sum'], [1]),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(answers[1]).toMatchObject({ reason: { message: expect.stringContaining('WRONGTYPE') } });
    expect(await client.mget('a', 'b', 'sum')).toEqual(['1', '1', '3']);
  });

  it('fails as a command when all items fail, so that the connection leaves a primary that has become a replica', async () => {
    const url = new URL(redis.url);
    const worker = openRedis({ url: redis.url, log: silent }, 'unbatched');
    await waitUntilReady(worker, 5_000);
    await client.replicaof(url.hostname, 1);
    const reconnecting = new Promise((resolve) => worker.once('reconnecting', resolve));
    const answers = await Promise.allSettled([
      addTwice(worker, ['a', 'sum'], [1]),
      addTwice(worker, ['b', 'sum'], [1]),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ reason: { message: expect.stringMatching(/READONLY/) } });
    }
    await reconnecting;
    await client.replicaof('NO', 'ONE');
    await closeRedis(worker);
  });

  it('is sent as text to a Redis that does not know it', async () => {
    await client.script('FLUSH');
    expect(await Promise.all([1, 2].map((n) => addTwice(client, [`a${n}`, 'sum'], [n])))).toEqual([1, 2]);
  });

  it('fails for all that waited together when the connection is lost', async () => {
    await redis.down();
    const answers = await Promise.allSettled([1, 2].map((n) => addTwice(client, [`a${n}`, 'sum'], [n])));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await redis.up();
    await waitUntilReady(client, 5_000);
    expect(await client.get('sum')).toBeNull();
  });

  it.each([
    ['keys', ['one'], [1]],
    ['arguments', ['one', 'two'], [1, 2]],
  ])('refuses a wrong number of %s, and still does what was asked for with it', async (what, keys, args) => {
    const right = addTwice(client, ['a', 'sum'], [1]);
    await expect(addTwice(client, keys, args)).rejects.toThrow(
      new RegExp(`Script add-twice takes .* ${what}`),
    );
    expect(await right).toBe(1);
  });
});
