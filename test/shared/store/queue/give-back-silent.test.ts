import { Queue, Worker } from 'bullmq';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { giveBackSilent } from '../../../../shared/store/queue/give-back-silent.ts';
import { beat } from '../../../../shared/store/verifications/heartbeat.ts';
import { useTestLane } from '../../../support/lane.ts';

const lane = useTestLane();
let keys: StoreKeys;
let queue: Queue;
let claimer: Worker;
beforeEach(async () => {
  keys = lane.freshKeys();
  const options = { connection: lane.redis, prefix: keys.queuePrefix };
  queue = new Queue(keys.verificationQueue, options);
  claimer = new Worker(keys.verificationQueue, null, { ...options, autorun: false, stalledInterval: 1 });
  claimer.on('error', () => undefined);
  await heartbeatsGoOn();
});
afterEach(async () => {
  await claimer.close(true);
  await queue.close();
});

const MINUTE_MS = 60_000;
const jobKey = (name: string) => keys.jobKey(keys.verificationQueue, name);
const look = (cutOff = false) => giveBackSilent(lane.redis, keys, cutOff);
const none = { workers: [], verifications: [], deliveries: [] };

/** As if heartbeats had followed one another for a minute. */
const heartbeatsGoOn = () =>
  lane.redis.hset(keys.heartbeatWatch(), { last: Date.now(), since: Date.now() - MINUTE_MS });
const fallsSilent = (worker: string, ms = MINUTE_MS) =>
  lane.redis.zadd(keys.heartbeats(), Date.now() - ms, worker);

let claims = 0;
async function claimAs(worker: string, id: string): Promise<void> {
  await queue.add('verify', {}, { jobId: id, priority: 2 });
  claims += 1;
  const job = await claimer.getNextJob(`${worker}:${claims}`, { block: false });
  if (job?.id !== id) throw new Error(`Cannot go on: ${id} must be claimed, received ${job?.id}`);
}

const waiting = () => lane.redis.lrange(jobKey('wait'), 0, -1);
const active = () => lane.redis.lrange(jobKey('active'), 0, -1);
const stallsOf = (id: string) => lane.redis.hget(jobKey(id), 'stc');

describe('jobs of a silent worker', () => {
  test('are given back, oldest first in line, and those of a living one are not', async () => {
    await claimAs('silent', 'one');
    await claimAs('living', 'two');
    await claimAs('silent', 'three');
    await beat(lane.redis, keys, 'living');
    await fallsSilent('silent');
    expect(await look()).toEqual({ ...none, workers: ['silent'], verifications: ['three', 'one'] });
    expect(await active()).toEqual(['two']);
    const next = await claimer.getNextJob('living:9', { block: false });
    expect(next?.id).toBe('one');
    expect(await stallsOf('one')).toBe('1');
  });

  test('are given back past one whose hash is of another type, which nothing could claim', async () => {
    for (const id of ['one', 'two', 'three']) await claimAs('silent', id);
    await lane.redis.del(jobKey('two'));
    await lane.redis.set(jobKey('two'), 'no hash');
    await lane.redis.hset(jobKey('three'), 'stc', 'no number');
    await lane.redis.zadd(keys.heartbeats(), 1, 'garbage');
    await fallsSilent('silent');
    expect(await look()).toMatchObject({ verifications: ['three', 'one'] });
    expect(await active()).toEqual([]);
    const claimed = [];
    for (const token of ['living:1', 'living:2'])
      claimed.push((await claimer.getNextJob(token, { block: false }))?.id);
    expect(claimed).toEqual(['one', 'three']);
  });

  test('are given back once, also when the check for stalled jobs comes too', async () => {
    await claimAs('silent', 'one');
    await claimer.startStalledCheckTimer();
    await expect.poll(() => lane.redis.sismember(jobKey('stalled'), 'one')).toBe(1);
    await fallsSilent('silent');
    await look();
    expect(await look()).toEqual(none);
    await expect.poll(() => lane.redis.sismember(jobKey('stalled'), 'one')).toBe(0);
    expect(await waiting()).toEqual(['one']);
    expect(await stallsOf('one')).toBe('1');
  });

  test('are given back again when another worker that took them falls silent too', async () => {
    await claimAs('first', 'one');
    await fallsSilent('first', 2 * MINUTE_MS);
    await look();
    const again = await claimer.getNextJob('second:1', { block: false });
    expect(again?.id).toBe('one');
    await fallsSilent('second');
    expect(await look()).toMatchObject({ workers: ['second'], verifications: ['one'] });
    expect(await stallsOf('one')).toBe('2');
  });

  test('wake a worker that waits for work', async () => {
    await claimAs('silent', 'one');
    await lane.redis.del(jobKey('marker'));
    await fallsSilent('silent');
    await look();
    expect(await lane.redis.zcard(jobKey('marker'))).toBe(1);
  });

  test('are given back beside a job whose lock is no string', async () => {
    await claimAs('silent', 'one');
    await claimAs('silent', 'two');
    await lane.redis.del(`${jobKey('one')}:lock`);
    await lane.redis.hset(`${jobKey('one')}:lock`, 'junk', '1');
    await fallsSilent('silent');
    expect(await look()).toMatchObject({ verifications: ['two'] });
  });

  test('stay where they are when its lock has gone by itself, for the check for stalled jobs', async () => {
    await claimAs('silent', 'one');
    await lane.redis.del(`${jobKey('one')}:lock`);
    await fallsSilent('silent');
    expect(await look()).toMatchObject({ workers: ['silent'], verifications: [] });
    expect(await active()).toEqual(['one']);
  });
});

describe('a silent worker keeps its jobs', () => {
  beforeEach(async () => {
    await claimAs('silent', 'one');
    await fallsSilent('silent');
  });
  const watch = (fields: Record<string, number>) => lane.redis.hset(keys.heartbeatWatch(), fields);

  test('when Redis has taken no heartbeat for a while', async () => {
    await watch({ last: Date.now() - 2_500, since: Date.now() - MINUTE_MS });
    expect(await look()).toEqual(none);
    expect(await look()).toEqual(none);
  });

  test('when the worker that looks has been without Redis', async () => {
    expect(await look(true)).toEqual(none);
    expect(await look()).toEqual(none);
  });

  test('when it is the first look ever', async () => {
    await lane.redis.del(keys.heartbeatWatch());
    expect(await look()).toEqual(none);
  });

  test('when the clock of Redis went back', async () => {
    await watch({ last: Date.now() + MINUTE_MS, since: Date.now() - MINUTE_MS });
    expect(await look()).toEqual(none);
  });

  test('when it gives a sign of life', async () => {
    await beat(lane.redis, keys, 'silent');
    expect(await look()).toEqual(none);
    expect(await active()).toEqual(['one']);
  });
});
