import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { loadScript } from '../../../../shared/store/redis/script.ts';
import { waitUntilReady } from '../../../../shared/store/redis/wait-until-ready.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const file = (name: string) => new URL(`scripts/${name}.lua`, import.meta.url);
const addTo = loadScript(file('add-to'));
const swap = loadScript(file('swap'), { reply: 'bytes' });
const broken = loadScript(file('broken'));

describe('a script', () => {
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await startTestRedis();
    client = openRedis(
      {
        url: redis.url,
        log: { info: () => undefined, warn: () => undefined },
      },
      'request',
    );
    await waitUntilReady(client, 5_000);
  });
  afterAll(async () => {
    await closeRedis(client);
    await redis.stop();
  });

  it('runs on a Redis that has never seen it', async () => {
    await client.script('FLUSH');
    expect(await addTo(client, ['fresh'], [2])).toBe(2);
  });

  it('is sent as text once, and by its digest from then on', async () => {
    await client.script('FLUSH');
    await client.config('RESETSTAT');
    await addTo(client, ['counter'], [1]);
    await addTo(client, ['counter'], [1]);
    await addTo(client, ['counter'], [1]);
    const stats = await client.info('commandstats');
    expect(/cmdstat_eval:calls=(\d+)/.exec(stats)?.[1]).toBe('1');
    expect(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]).toBe('3');
  });

  it('goes on working after Redis has restarted and forgotten it', async () => {
    await addTo(client, ['kept'], [40]);
    await redis.down();
    await redis.up();
    await waitUntilReady(client, 5_000);
    expect(await addTo(client, ['kept'], [2])).toBe(42);
  });

  it('carries bytes unchanged in both directions', async () => {
    const bytes = Buffer.from([0, 255, 128, 10, 13, 195, 40]);
    await swap(client, ['blob'], [bytes]);
    expect(await swap(client, ['blob'], ['next'])).toEqual(bytes);
  });

  it('goes into a MULTI that Redis executes as a whole, known there or not', async () => {
    await client.script('FLUSH');
    const chain = client.multi().set('batch', 5);
    addTo.appendTo(chain, ['batch'], [3]);
    expect(await chain.get('batch').exec()).toEqual([
      [null, 'OK'],
      [null, 8],
      [null, '8'],
    ]);
  });

  it('fails with its own error', async () => {
    await expect(broken(client, [], [])).rejects.toThrow('NOPE it failed');
  });

  it('refuses a wrong number of keys before anything is sent', async () => {
    await expect(addTo(client, ['a', 'b'], [1])).rejects.toThrow('takes 1 keys, not 2');
    expect(() => addTo.appendTo(client.multi(), [], [1])).toThrow('takes 1 keys, not 0');
  });
});
