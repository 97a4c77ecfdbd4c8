import { beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_BILLED_CODES, resolveOutcome } from '../../../../shared/outcomes/resolve-outcome.ts';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { beginDelivery } from '../../../../shared/store/verifications/begin-delivery.ts';
import { finishVerification } from '../../../../shared/store/verifications/finish.ts';
import { giveUpDelivery } from '../../../../shared/store/verifications/give-up-delivery.ts';
import { keepEvent } from '../../../../shared/store/verifications/keep-event.ts';
import { readFeed } from '../../../../shared/store/verifications/read-feed.ts';
import {
  type DeliveryProgress,
  recordDelivery,
} from '../../../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../../../shared/store/verifications/run-token.ts';
import { buildVerificationEvent } from '../../../../worker/delivery/verification-event.ts';
import { computeFinishing, type FinalAnswer } from '../../../../worker/verification/finish-verification.ts';
import { useTestLane } from '../../../support/lane.ts';
import { acceptRecord, CLIENT_ID, makeCall, mustRead, storeOf } from '../../../support/records.ts';

const lane = useTestLane();
let keys: StoreKeys;

beforeEach(() => {
  keys = lane.freshKeys();
});

const SUBMITTED_AT = 1_900_000_000_000;

/** A verification with its outcome and its event, as a worker leaves it. */
async function finishedRecord(
  accepted: Parameters<typeof acceptRecord>[3] = {},
  answer: Partial<FinalAnswer> = {},
): Promise<string> {
  const id = await acceptRecord(lane.redis, keys, lane.keyRing, { submittedAt: SUBMITTED_AT, ...accepted });
  const call = makeCall('Success', 'billed');
  const finishing = computeFinishing(
    await mustRead(lane.redis, keys, id),
    { row: resolveOutcome('Success'), sim: 89.88, requestId: 'request-1', call, ...answer },
    '2026-03-02T04:00:00.000Z',
    { matchThreshold: undefined, billedCodes: DEFAULT_BILLED_CODES },
  );
  await finishVerification(storeOf(lane.redis, keys), finishing);
  return id;
}

/** Without a number, and without a place in the feed. */
async function finishedByEarlierVersion(): Promise<string> {
  const id = await finishedRecord();
  const event = (await lane.redis.hget(keys.record(id), 'event')) ?? '';
  await lane.redis.hset(keys.record(id), 'event', event.replace(/,"sequence":1}$/, '}'));
  await lane.redis.hdel(keys.record(id), 'sequence');
  await lane.redis.del(keys.feed(CLIENT_ID), keys.feedNumbers());
  return id;
}

const readAll = () => readFeed(lane.redis, keys, { clientId: CLIENT_ID, after: 0, limit: 10 });

/** As the script that finishes it writes it. */
const numbered = (body: string, sequence: number) => `${body.slice(0, -1)},"sequence":${sequence}}`;

const begin = (id: string, run = makeRunToken()) => beginDelivery(lane.redis, keys, id, run);
/** Of the run that holds the delivery, unless another one is named. */
const conclude = async (id: string, progress: Partial<DeliveryProgress>) =>
  recordDelivery(lane.redis, keys, {
    id,
    run: (await lane.redis.hget(keys.record(id), 'deliveryRun')) || makeRunToken(),
    status: 'retrying',
    nextAttemptAt: null,
    attempt: {
      at: '2026-03-02T04:00:01.000Z',
      durationMs: 12,
      status: 503,
      errorClass: null,
      answer: 'busy',
    },
    now: SUBMITTED_AT + 1_000,
    keepUntil: null,
    ...progress,
  });
const delivered = { status: 'delivered', keepUntil: SUBMITTED_AT + 86_400_000 } as const;

describe('the event that was written with the outcome', () => {
  test.each<[string, Parameters<typeof finishedRecord>[0], Partial<FinalAnswer>]>([
    ['of a match', {}, {}],
    [
      'with everything a client can name',
      { reference: 'order\n17 "甲"', extra: '\u2028\\n', priority: 'bulk' },
      {},
    ],
    ['without an attempt', {}, { row: resolveOutcome('Veriqueue.SubjectExpired'), call: null }],
    [
      'of a failure',
      {},
      {
        row: resolveOutcome('InvalidParameter'),
        sim: null,
        call: makeCall('InvalidParameter', 'unbilled'),
      },
    ],
  ])('is what the record says: %s', async (_, accepted, answer) => {
    const callbackUrl = 'https://receiver.example/events?a=1';
    const id = await finishedRecord({ ...accepted, callbackUrl }, answer);
    const record = await mustRead(lane.redis, keys, id);
    expect(await begin(id, 'run-a')).toEqual({
      status: 'due',
      delivery: {
        id,
        run: 'run-a',
        clientId: CLIENT_ID,
        callbackUrl,
        submittedAt: SUBMITTED_AT,
        attempts: 0,
        event: numbered(buildVerificationEvent(record), 1),
      },
    });
  });

  test('stays the same at every attempt, and in the record when it was delivered', async () => {
    const id = await finishedRecord();
    const first = await begin(id);
    await conclude(id, { nextAttemptAt: SUBMITTED_AT + 6_000 });
    const second = await begin(id);
    if (first.status !== 'due' || second.status !== 'due')
      throw new Error('Cannot compare: both must be due');
    expect(second.delivery).toEqual({ ...first.delivery, run: second.delivery.run, attempts: 1 });
    await conclude(id, delivered);
    expect(await lane.redis.hget(keys.record(id), 'event')).toBe(first.delivery.event);
    expect(await begin(id)).toMatchObject({
      status: 'found',
      record: { delivery: { status: 'delivered', attempts: 2, nextAttemptAt: null } },
    });
  });

  test('is not looked for in a record whose fields cannot be read', async () => {
    const id = await finishedRecord();
    await lane.redis.hset(keys.record(id), 'submittedAt', 'yesterday');
    expect(await begin(id)).toEqual({ status: 'unreadable', fields: ['submittedAt'] });
  });
});

describe('an event that another version left to be made from the record', () => {
  test('is kept as the first delivery sends it', async () => {
    const id = await finishedRecord();
    await lane.redis.hdel(keys.record(id), 'event');
    expect(await keepEvent(lane.redis, keys, id, 'first')).toBe('first');
    expect(await keepEvent(lane.redis, keys, id, 'second')).toBe('first');
    expect(await begin(id)).toMatchObject({ status: 'due', delivery: { event: 'first' } });
  });

  test('gets its number in the feed, and none in its body', async () => {
    const id = await finishedByEarlierVersion();
    await lane.redis.hdel(keys.record(id), 'event');
    const body = '{"type":"verification.completed"}';
    expect(await keepEvent(lane.redis, keys, id, body)).toBe(body);
    expect(await keepEvent(lane.redis, keys, id, 'again')).toBe(body);
    expect(await readAll()).toEqual({
      last: 1,
      upTo: 1,
      events: [{ id, sequence: 1, body: numbered(body, 1) }],
    });
  });

  test('is not kept of a record that is gone', async () => {
    expect(await keepEvent(lane.redis, keys, 'ver_unknown', 'event')).toBeNull();
    expect(await lane.redis.exists(keys.record('ver_unknown'))).toBe(0);
  });
});

describe('an event that a version before the feed has written', () => {
  test('gets its number with its first delivery, in the feed and in its body', async () => {
    const id = await finishedByEarlierVersion();
    const body = await lane.redis.hget(keys.record(id), 'event');
    const event = numbered(body ?? '', 1);
    expect(await begin(id)).toMatchObject({ status: 'due', delivery: { event } });
    expect(await begin(id)).toMatchObject({ status: 'due', delivery: { event } });
    expect(await readAll()).toEqual({ last: 1, upTo: 1, events: [{ id, sequence: 1, body: event }] });
  });

  test('keeps its bytes when it may have been posted before, and has its number in the feed', async () => {
    const id = await finishedByEarlierVersion();
    const event = (await lane.redis.hget(keys.record(id), 'event')) ?? '';
    await lane.redis.hset(keys.record(id), 'deliveryRun', 'run-of-before', 'deliveryStatus', 'delivering');
    expect(await begin(id)).toMatchObject({ status: 'due', delivery: { event } });
    expect(await begin(id)).toMatchObject({ status: 'due', delivery: { event } });
    expect(await readAll()).toEqual({
      last: 1,
      upTo: 1,
      events: [{ id, sequence: 1, body: numbered(event, 1) }],
    });
  });
});

describe('beginning a delivery', () => {
  test('marks it as under way, and forgets when it was due', async () => {
    const id = await finishedRecord();
    await conclude(id, { nextAttemptAt: SUBMITTED_AT + 6_000 });
    await begin(id);
    expect((await mustRead(lane.redis, keys, id)).delivery).toEqual({
      status: 'delivering',
      attempts: 1,
      nextAttemptAt: null,
    });
  });

  test('changes nothing before there is an outcome', async () => {
    const id = await acceptRecord(lane.redis, keys, lane.keyRing);
    expect(await begin(id)).toMatchObject({ status: 'found', record: { outcome: null } });
    expect(await mustRead(lane.redis, keys, id)).toMatchObject({ delivery: { status: 'pending' } });
  });

  test('changes nothing after its end', async () => {
    const id = await finishedRecord();
    await conclude(id, { status: 'dead' });
    expect(await begin(id)).toMatchObject({ status: 'found', record: { delivery: { status: 'dead' } } });
  });

  test('finds nothing where there is no record', async () => {
    expect(await begin('ver_unknown')).toEqual({ status: 'missing' });
  });
});

describe('writing down what came of a delivery', () => {
  test('takes an event off the dead letters that a slower worker delivers after all', async () => {
    const id = await finishedRecord();
    await conclude(id, { status: 'dead' });
    expect(await lane.redis.zrange(keys.deadLetters(), '0', '-1')).toEqual([id]);
    await conclude(id, delivered);
    expect(await lane.redis.zcard(keys.deadLetters())).toBe(0);
    expect(await lane.redis.zscore(keys.retention(), id)).toBe(String(delivered.keepUntil));
  });

  test('counts attempts, and not a delivery that was only parked', async () => {
    const id = await finishedRecord();
    await conclude(id, {});
    await conclude(id, { attempt: null, nextAttemptAt: SUBMITTED_AT + 9_000 });
    expect((await mustRead(lane.redis, keys, id)).delivery).toEqual({
      status: 'retrying',
      attempts: 1,
      nextAttemptAt: SUBMITTED_AT + 9_000,
    });
    expect(await lane.redis.llen(keys.deliveryLog(id))).toBe(1);
  });

  test('leaves nothing behind of a record that was erased meanwhile', async () => {
    expect(await conclude('ver_unknown', delivered)).toBe('missing');
    expect(await lane.redis.exists(keys.record('ver_unknown'), keys.deliveryLog('ver_unknown'))).toBe(0);
  });
});

describe('a run that lost its lock to another one', () => {
  test('changes nothing about a delivery that is under way, and its post is logged', async () => {
    const id = await finishedRecord();
    await begin(id, 'run-a');
    await begin(id, 'run-b');
    expect(await conclude(id, { run: 'run-a', status: 'dead' })).toBe('not_ours');
    expect((await mustRead(lane.redis, keys, id)).delivery).toMatchObject({
      status: 'delivering',
      attempts: 1,
    });
    expect(await lane.redis.llen(keys.deliveryLog(id))).toBe(1);
    expect(await lane.redis.zcard(keys.deadLetters())).toBe(0);
  });

  test('has delivered the event when the receiver took it, and a later failure does not undo that', async () => {
    const id = await finishedRecord();
    await begin(id, 'run-a');
    await begin(id, 'run-b');
    expect(await conclude(id, { run: 'run-a', ...delivered })).toBe('recorded');
    expect(await conclude(id, { run: 'run-b', nextAttemptAt: SUBMITTED_AT + 6_000 })).toBe('not_ours');
    expect((await mustRead(lane.redis, keys, id)).delivery).toEqual({
      status: 'delivered',
      attempts: 2,
      nextAttemptAt: null,
    });
    expect(await lane.redis.zscore(keys.retention(), id)).toBe(String(delivered.keepUntil));
  });
});

describe('a delivery that is given up', () => {
  const giveUp = (id: string) =>
    giveUpDelivery(lane.redis, keys, { id, now: SUBMITTED_AT + 9_000, notice: null });
  const placesOf = async (id: string) => ({
    status: (await mustRead(lane.redis, keys, id)).delivery?.status,
    isDeadLetter: (await lane.redis.zscore(keys.deadLetters(), id)) !== null,
    isRetained: (await lane.redis.zscore(keys.retention(), id)) !== null,
  });

  test('is a dead letter from then on, and is kept', async () => {
    const id = await finishedRecord();
    await begin(id);
    await giveUp(id);
    expect(await placesOf(id)).toEqual({ status: 'dead', isDeadLetter: true, isRetained: false });
  });

  test('changes nothing of an event that was delivered before', async () => {
    const id = await finishedRecord();
    await begin(id);
    await conclude(id, delivered);
    const before = await lane.redis.hgetall(keys.record(id));
    await giveUp(id);
    expect(await lane.redis.hgetall(keys.record(id))).toEqual(before);
    expect(await placesOf(id)).toEqual({ status: 'delivered', isDeadLetter: false, isRetained: true });
  });

  test('makes no record of a verification that is gone', async () => {
    await giveUp('ver_gone');
    expect(await lane.redis.exists(keys.record('ver_gone'), keys.deadLetters())).toBe(0);
  });
});
