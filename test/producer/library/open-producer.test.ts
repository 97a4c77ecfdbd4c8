import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProducer, type ProducerOptions } from '../../../producer/library/open-producer.ts';
import { openSubject } from '../../../shared/sealing/seal.ts';
import { changeClient } from '../../../shared/store/clients/change-client.ts';
import { joinPhoto } from '../../../shared/store/subjects/photo-pieces.ts';
import { startReplyCutter } from '../../support/reply-cutter.ts';
import { listTraces } from '../producer-under-test.ts';
import { makeIdCard, makePng, testName } from '../submission-builder.ts';
import { makeGiven, openTwoDoors, type TwoDoors } from './library-under-test.ts';

let doors: TwoDoors;
beforeAll(async () => {
  doors = await openTwoDoors();
});
afterAll(() => doors?.close());

describe('the client that the library acts as', () => {
  test.each([
    ['does not exist', async () => 'cli_00000000000000000000000000'],
    [
      'is disabled',
      async () => {
        const { clientId } = await doors.http.addClient();
        await changeClient(doors.http.redis, doors.http.keys, clientId, { disabled: true });
        return clientId;
      },
    ],
  ])('is refused when it %s', async (_name, prepare) => {
    const producer = await doors.open({ clientId: await prepare() });
    const refusal = {
      status: 'refused',
      problem: { code: 'unauthorized', detail: expect.stringContaining('clientId') },
      retryAfterMs: null,
    };
    expect(await producer.submit(makeGiven())).toMatchObject(refusal);
    expect(await producer.get('ver_00000000000000000000000000')).toMatchObject(refusal);
    expect(await producer.cancel('ver_00000000000000000000000000')).toMatchObject(refusal);
  });

  test('is looked at for each call', async () => {
    const { clientId } = await doors.http.addClient();
    const producer = await doors.open({ clientId });
    expect((await producer.submit(makeGiven())).status).toBe('accepted');
    await changeClient(doors.http.redis, doors.http.keys, clientId, { disabled: true });
    expect((await producer.submit(makeGiven())).status).toBe('refused');
    await changeClient(doors.http.redis, doors.http.keys, clientId, { disabled: false });
    expect((await producer.submit(makeGiven())).status).toBe('accepted');
  });

  test('sees and cancels its own verifications, and no others', async () => {
    const [producer, other] = [
      await doors.open(),
      await doors.open({ clientId: (await doors.http.addClient()).clientId }),
    ];
    const submitted = await producer.submit(makeGiven());
    if (submitted.status !== 'accepted') throw new Error(inspect(submitted));
    const { id } = submitted.verification;
    expect(await producer.get(id)).toMatchObject({
      status: 'found',
      verification: { id, status: 'queued' },
      pollAfterMs: expect.any(Number),
    });
    const missing = { status: 'refused', problem: { code: 'not_found', status: 404 } };
    expect(await other.get(id)).toMatchObject(missing);
    expect(await other.cancel(id)).toMatchObject(missing);
    expect(await producer.cancel('order-19')).toMatchObject(missing);
    for (const _ of [1, 2]) {
      expect(await producer.cancel(id)).toMatchObject({
        status: 'cancelled',
        verification: { id, status: 'cancelled' },
      });
    }
    expect(await producer.get(id)).toMatchObject({
      verification: { status: 'cancelled' },
      pollAfterMs: null,
    });
    expect(await (await doors.http.call(`/v1/verifications/${id}`)).json()).toMatchObject({
      status: 'cancelled',
    });
  });
});

describe('limits', () => {
  test('a full backlog refuses, and says when to come again', async () => {
    const producer = await doors.open({ maxBacklog: 1 });
    await producer.submit(makeGiven());
    expect(await producer.submit(makeGiven())).toMatchObject({
      status: 'refused',
      problem: { code: 'backlog_full', status: 503 },
      retryAfterMs: expect.any(Number),
    });
  });

  test("the client's verifications without an outcome are limited", async () => {
    const { clientId } = await doors.http.addClient();
    const producer = await doors.open({ clientId, maxClientWaiting: 1 });
    const first = await producer.submit(makeGiven());
    expect(first.status).toBe('accepted');
    expect(await producer.submit(makeGiven())).toMatchObject({
      status: 'refused',
      problem: { code: 'client_backlog_full', status: 429 },
      retryAfterMs: expect.any(Number),
    });
    if (first.status === 'accepted') await producer.cancel(first.verification.id);
    expect((await producer.submit(makeGiven())).status).toBe('accepted');
  });

  test("the client's budget is limited, until its day ends", async () => {
    const { clientId } = await doors.http.addClient();
    await changeClient(doors.http.redis, doors.http.keys, clientId, { budgetDay: 1 });
    const producer = await doors.open({ clientId });
    expect((await producer.submit(makeGiven())).status).toBe('accepted');
    const refused = await producer.submit(makeGiven());
    expect(refused).toMatchObject({
      status: 'refused',
      problem: { code: 'budget_exhausted', status: 402 },
      retryAfterMs: expect.any(Number),
    });
    if (refused.status === 'refused') expect(refused.retryAfterMs).toBeLessThanOrEqual(86_400_000);
  });

  test('records kept of the client are limited', async () => {
    const { clientId } = await doors.http.addClient();
    const producer = await doors.open({ clientId, maxClientRecords: 1 });
    expect((await producer.submit(makeGiven())).status).toBe('accepted');
    expect(await producer.submit(makeGiven())).toMatchObject({
      status: 'refused',
      problem: { code: 'too_many_records', status: 429 },
    });
  });

  test("the client's rate is limited", async () => {
    const { clientId } = await doors.http.addClient();
    const producer = await doors.open({ clientId, clientRatePerSecond: 0.001, clientBurst: 1 });
    expect((await producer.submit(makeGiven())).status).toBe('accepted');
    expect(await producer.submit(makeGiven())).toMatchObject({
      status: 'refused',
      problem: { code: 'too_many_requests', status: 429 },
    });
  });
});

describe('Redis', () => {
  test('that is away is a refusal, and the same library goes on when it is back', async () => {
    const other = await openTwoDoors();
    try {
      const producer = await other.open();
      await other.redis.down();
      expect(await producer.submit(makeGiven(), { idempotencyKey: 'kept' })).toMatchObject({
        status: 'refused',
        problem: { code: 'unavailable', status: 503 },
        retryAfterMs: 1000,
      });
      await other.redis.up();
      await expect
        .poll(async () => (await producer.submit(makeGiven(), { idempotencyKey: 'kept' })).status)
        .toBe('accepted');
      await other.redis.down();
      await producer.close();
    } finally {
      await other.close();
    }
  });

  test('that is not there is an error of openProducer, which leaves nothing open', async () => {
    await expect(
      doors.open({ redisUrl: 'redis://127.0.0.1:1', signal: AbortSignal.timeout(1_000) }),
    ).rejects.toThrow();
  });
});

describe('close', () => {
  test('waits for what is under way, and ends what comes later', async () => {
    const producer = await doors.open();
    const submitting = producer.submit(makeGiven());
    const closing = Promise.all([producer.close(), producer.close()]);
    expect((await submitting).status).toBe('accepted');
    await closing;
    for (const call of [producer.submit(makeGiven()), producer.get('ver_'), producer.cancel('ver_')]) {
      await expect(call).rejects.toThrow('the producer is closed');
    }
  });

  test('leaves no connection', async () => {
    const connections = async () => (await doors.http.redis.client('LIST')) as string;
    const before = (await connections()).split('\n').length;
    const producer = await doors.open();
    expect((await connections()).split('\n').length).toBeGreaterThan(before);
    await producer.close();
    await expect.poll(async () => (await connections()).split('\n').length).toBe(before);
  });
});

describe('options', () => {
  const right = {
    redisUrl: 'redis://127.0.0.1:1',
    keys: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
    clientId: 'cli_1',
  };

  test.each<[string, object, RegExp]>([
    ['nothing', {}, /redisUrl must be a text; keys must be a text; clientId must be a text/],
    ['an option that is not one', { ...right, redis: 'x' }, /there is no option redis$/],
    [
      'a client that is not one',
      { ...right, clientId: 'acme' },
      /clientId must be the id of a client, cli_…$/,
    ],
    ['a wrong address', { ...right, redisUrl: 'http://secret:9' }, /: redisUrl /],
    ['keys that are none', { ...right, keys: 'secret' }, /: keys /],
    [
      'two wrong values',
      { ...right, lane: 'A', maxBacklog: 0 },
      /lane must be .*; maxBacklog must be |maxBacklog must be .*; lane must be /,
    ],
    ['another type', { ...right, maxBacklog: '1' }, /maxBacklog must be a number$/],
    [
      'an authority that is no certificate',
      { ...right, redisCaFile: import.meta.filename },
      /redisCaFile must be the path of a readable PEM file/,
    ],
  ])('%s is a TypeError that holds no value', async (_name, options, message) => {
    const error: unknown = await openProducer(options as ProducerOptions).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(/^TypeError: openProducer was given wrong options: /);
    expect(String(error)).toMatch(message);
    expect(inspect(error)).not.toMatch(/secret/);
  });
});

test('what is sealed is what was given, though its owner uses the bytes again at once', async () => {
  const producer = await doors.open();
  const given = makePng(16);
  const image = Buffer.from(given);
  const submitting = producer.submit({ idCard: makeIdCard(), name: testName, image });
  image.fill(0);
  const submitted = await submitting;
  if (submitted.status !== 'accepted') throw new Error(inspect(submitted));
  const { id } = submitted.verification;
  const stored = await doors.http.redis.hgetallBuffer(doors.http.keys.subject(id));
  const { key: wrappedKey, fields } = stored;
  const photo = joinPhoto(stored);
  if (!wrappedKey || !fields || !photo) throw new Error('no sealed subject');
  const opening = openSubject(doors.http.settings.VERIQUEUE_KEYS, id, { wrappedKey, fields, photo });
  expect(opening).toMatchObject({ status: 'opened', subject: { photo: given } });
});

test('no answer that is lost once Redis is fit keeps a producer from opening', async () => {
  const cutter = await startReplyCutter(doors.redis.url);
  try {
    // BullMQ asks for the version once, and refuses everything where that answer is lost. It comes after the last look at Redis.
    cutter.beforeSending(doors.http.keys.writeProbe(), () => cutter.cutReplyTo('$4\r\ninfo'));
    const producer = await doors.open({ redisUrl: cutter.url });
    expect((await producer.submit(makeGiven())).status).toBe('accepted');
  } finally {
    await cutter.close();
  }
});

test('a refused submission leaves nothing in Redis', async () => {
  const before = await listTraces(doors.http);
  const producer = await doors.open();
  await producer.submit(makeGiven({ name: '' }), { idempotencyKey: 'refused' });
  expect(await listTraces(doors.http)).toEqual(before);
});
