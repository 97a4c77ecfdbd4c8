import { once } from 'node:events';
import { Queue } from 'bullmq';
import { typeid } from 'typeid-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { openSubject, sealSubject } from '../../../../shared/sealing/seal.ts';
import type { Subject } from '../../../../shared/sealing/subject.ts';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { type AtomicFlow, createAtomicFlow } from '../../../../shared/store/queue/atomic-flow.ts';
import { readJobData } from '../../../../shared/store/queue/job-data.ts';
import { nameParent } from '../../../../shared/store/queue/packed-job.ts';
import { firstPlaces, verificationFlow } from '../../../../shared/store/queue/verification-flow.ts';
import { redisSubjects } from '../../../../shared/store/subjects/redis-subjects.ts';
import { readSubject } from '../../../../shared/store/subjects/subject-store.ts';
import { queueAcceptance } from '../../../../shared/store/verifications/accept.ts';
import { useTestLane } from '../../../support/lane.ts';
import { makeAcceptance, subject } from '../../../support/records.ts';

const lane = useTestLane();
let keys: StoreKeys;
let flow: AtomicFlow;
let queues: { verifications: Queue; deliveries: Queue };

beforeEach(async () => {
  keys = lane.freshKeys();
  flow = createAtomicFlow(await lane.connect(), keys.queuePrefix, () => undefined);
  const connection = await lane.connect();
  const make = (name: string) => new Queue(name, { connection, prefix: keys.queuePrefix });
  queues = { verifications: make(keys.verificationQueue), deliveries: make(keys.deliveryQueue) };
});

const add = (
  id: string,
  companion: Parameters<AtomicFlow['add']>[1],
  priority: 'interactive' | 'bulk' = 'bulk',
) => flow.add(verificationFlow(keys, { id, clientId: 'client_test' }, priority), companion);

async function accept(id: string, person: Subject = subject): Promise<void> {
  const sealed = sealSubject(lane.keyRing, id, person);
  const kept = await redisSubjects.put(id, sealed);
  const accepting = { ...makeAcceptance(id, { sealed }), places: firstPlaces(keys) };
  await add(id, (transaction, loaded) => queueAcceptance(transaction, keys, accepting, kept, loaded));
}

/** Its subject can be opened and stays, and nothing is left of how it came. */
async function expectWhole(id: string): Promise<void> {
  const reading = await readSubject(redisSubjects, await lane.redis.hgetallBuffer(keys.subject(id)));
  const opening = reading.status === 'read' ? openSubject(lane.keyRing, id, reading.sealed) : reading;
  expect(opening).toEqual({ status: 'opened', subject });
  expect(await lane.redis.pttl(keys.subject(id))).toBe(-1);
  expect(await lane.redis.exists(keys.arrivingPhoto(id))).toBe(0);
}

describe('adding a flow together with writes of our own', () => {
  test('does both', async () => {
    await add('ver_1', (transaction) => transaction.set(keys.record('ver_1'), 'written'));
    expect(await lane.redis.get(keys.record('ver_1'))).toBe('written');
    expect(await queues.verifications.getJobState('ver_1')).toBe('prioritized');
    expect(await queues.deliveries.getJobState('ver_1')).toBe('waiting-children');
  });

  test('leaves two jobs that Redis packs, by its default settings and with ids as long as ours are', async () => {
    const [id, clientId] = [typeid('ver').toString(), typeid('cli').toString()];
    await flow.add(verificationFlow(keys, { id, clientId }, 'interactive'), () => undefined);
    for (const queue of [keys.verificationQueue, keys.deliveryQueue]) {
      expect(await lane.redis.object('ENCODING', keys.jobKey(queue, id))).toBe('listpack');
    }
    const job = await queues.verifications.getJob(id);
    expect(readJobData(job?.id ?? '', job?.data)).toEqual({ id, clientId });
  });

  test('leaves nothing of a job that has ended by the time when its parent is to be named', async () => {
    const parentKey = keys.jobKey(keys.deliveryQueue, 'ver_1');
    const job = { queueName: keys.verificationQueue, id: 'ver_1', parentKey };
    await nameParent(lane.redis, keys, job);
    expect(await lane.redis.exists(keys.jobKey(keys.verificationQueue, 'ver_1'))).toBe(0);
  });

  test('does neither when a command is refused before the transaction runs', async () => {
    const refused = add('ver_1', (transaction) => transaction.call('SET', keys.record('ver_1')));
    await expect(refused).rejects.toThrow();
    expect(await lane.redis.exists(keys.record('ver_1'))).toBe(0);
    expect(await queues.verifications.getJobState('ver_1')).toBe('unknown');
  });

  test('reports a command that failed within the transaction', async () => {
    await lane.redis.set(keys.record('ver_1'), 'text');
    const failed = add('ver_1', (transaction) => transaction.hset(keys.record('ver_1'), 'a', 'b'));
    await expect(failed).rejects.toThrow('WRONGTYPE');
  });

  test('adds a flow as a whole though Redis has forgotten the scripts', async () => {
    await add('ver_1', (transaction) => transaction.set(keys.record('ver_1'), 'written'));
    await lane.redis.script('FLUSH');
    await add('ver_2', (transaction) => transaction.set(keys.record('ver_2'), 'written'));
    expect(await lane.redis.get(keys.record('ver_2'))).toBe('written');
    expect(await queues.verifications.getJobState('ver_2')).toBe('prioritized');
    expect(await queues.deliveries.getJobState('ver_2')).toBe('waiting-children');
  });

  test('accepts a verification though Redis has forgotten the script that writes its record, or all of them', async () => {
    await accept('ver_1');
    await accept('ver_2');
    await lane.redis.script('FLUSH');
    await accept('ver_3');
    await lane.redis.script('FLUSH');
    // A plain flow loads BullMQ's scripts again, so that the record's alone is unknown.
    await add('ver_4', () => undefined);
    await accept('ver_5');
    for (const id of ['ver_1', 'ver_2', 'ver_3', 'ver_5']) {
      expect(await lane.redis.hget(keys.record(id), 'status')).toBe('queued');
      expect(await queues.verifications.getJobState(id)).toBe('prioritized');
      expect(await queues.deliveries.getJobState(id)).toBe('waiting-children');
      await expectWhole(id);
    }
    expect(await queues.verifications.getPrioritizedCount()).toBe(5);
  });

  test('keeps the photo of the first acceptance when it is sent once more with another', async () => {
    await accept('ver_1');
    const before = await lane.redis.hgetallBuffer(keys.subject('ver_1'));
    await accept('ver_1', { ...subject, photo: Buffer.alloc(70_000, 1) });
    expect(await lane.redis.hgetallBuffer(keys.subject('ver_1'))).toEqual(before);
    await expectWhole('ver_1');
  });

  test('takes no piece of a photo that a transaction before has left', async () => {
    await lane.redis.hset(keys.arrivingPhoto('ver_1'), 'photo:1', 'of another');
    await accept('ver_1');
    await expectWhole('ver_1');
  });

  test('sends the text of a script once for a connection', async () => {
    const sha = 'of the script';
    const texts: string[] = [];
    const flowRedis = await lane.connect();
    const own = createAtomicFlow(flowRedis, keys.queuePrefix, () => undefined);
    const send = (id: string) =>
      own.add(verificationFlow(keys, { id, clientId: 'client_test' }, 'bulk'), (transaction, loaded) => {
        if (!loaded.has(sha)) {
          texts.push(id);
          loaded.sending(sha);
        }
        transaction.set(keys.record(id), 'written');
      });
    await send('ver_1');
    await send('ver_2');
    const closed = once(flowRedis, 'close');
    const ready = once(flowRedis, 'ready');
    flowRedis.disconnect(true);
    await closed;
    await ready;
    await send('ver_3');
    await send('ver_4');
    expect(texts).toEqual(['ver_1', 'ver_3']);
    await own.close();
  });

  test('leaves no record where a job could not be added', async () => {
    await lane.redis.set(queues.verifications.toKey('pc'), 'not a number');
    const id = 'ver_1';
    await expect(accept(id)).rejects.toThrow();
    const left = [keys.record(id), keys.subject(id), keys.arrivingPhoto(id), keys.unfinishedIndex()];
    expect(await lane.redis.exists(left)).toBe(0);
  });

  test('keeps companions of concurrent submissions apart', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `ver_${i}`);
    await Promise.all(ids.map((id) => add(id, (transaction) => transaction.set(keys.record(id), id))));
    expect(await Promise.all(ids.map((id) => lane.redis.get(keys.record(id))))).toEqual(ids);
    expect(await queues.verifications.getPrioritizedCount()).toBe(50);
  });

  test('puts nothing about the person into a job', async () => {
    await add('ver_1', () => undefined, 'interactive');
    const job = await queues.verifications.getJob('ver_1');
    expect(job?.data).toEqual({ clientId: 'client_test' });
  });

  test('lets cancelling the parent remove both jobs', async () => {
    await add('ver_1', () => undefined);
    await queues.deliveries.remove('ver_1', { removeChildren: true });
    expect(await queues.verifications.getJobState('ver_1')).toBe('unknown');
    expect(await queues.deliveries.getJobState('ver_1')).toBe('unknown');
  });
});
