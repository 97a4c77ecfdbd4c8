import { beforeEach, describe, expect, test } from 'vitest';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { redisSubjects } from '../../../../shared/store/subjects/redis-subjects.ts';
import { CANCELLED_UNASKED_MS, cancelVerification } from '../../../../shared/store/verifications/cancel.ts';
import { claimVerification } from '../../../../shared/store/verifications/claim.ts';
import { type Finishing, finishVerification } from '../../../../shared/store/verifications/finish.ts';
import { markSent } from '../../../../shared/store/verifications/mark-sent.ts';
import type { OwnedClaim } from '../../../../shared/store/verifications/owned-claim.ts';
import { type Postponement, postponeVerification } from '../../../../shared/store/verifications/postpone.ts';
import { makeRunToken } from '../../../../shared/store/verifications/run-token.ts';
import { searchVerifications } from '../../../../shared/store/verifications/search.ts';
import { useTestLane } from '../../../support/lane.ts';
import {
  acceptRecord,
  CLIENT_ID,
  DAY,
  makeCall,
  makeFinishing,
  makeOutcome,
  mustRead,
  storeOf,
} from '../../../support/records.ts';

const lane = useTestLane();
let keys: StoreKeys;

beforeEach(() => {
  keys = lane.freshKeys();
});

const accept = (overrides = {}) => acceptRecord(lane.redis, keys, lane.keyRing, overrides);
const context = (workerId: string) => ({ ...storeOf(lane.redis, keys), subjects: redisSubjects, workerId });
const claim = (id: string, workerId = 'worker-a', token = makeRunToken()) =>
  claimVerification(context(workerId), { id, clientId: CLIENT_ID, token, day: DAY });
/** Claims a verification that can be claimed. */
async function claimed(id: string, workerId = 'worker-a'): Promise<OwnedClaim> {
  const reply = await claim(id, workerId);
  if (reply.status !== 'claimed')
    throw new Error(`Cannot go on: it must be claimed, received ${reply.status}`);
  return reply.claim;
}
const finish = (id: string, overrides: Partial<Finishing> = {}) =>
  finishVerification(
    storeOf(lane.redis, keys),
    makeFinishing(id, { call: makeCall('Success', 'billed'), ...overrides }),
  );
const postpone = (id: string, held: OwnedClaim, change: Partial<Postponement> = {}) =>
  postponeVerification(lane.redis, keys, {
    id,
    claim: held,
    status: 'retrying',
    call: null,
    counted: true,
    fateUnknown: false,
    deferredBefore: 'none',
    nextAttemptAt: 1_900_000_000_000,
    ...change,
  });
const ledger = () => lane.redis.hgetall(keys.ledger(DAY));
const cancel = (id: string, clientId = CLIENT_ID) =>
  cancelVerification(storeOf(lane.redis, keys), { id, clientId, now: 1_900_000_000_000, retentionMs: 0 });
const listed = async (status: 'queued' | 'verifying' | 'completed' | 'retrying' | 'cancelled') =>
  (await searchVerifications(lane.redis, keys, { clientId: CLIENT_ID, status, limit: 10 })).ids;

describe('accepting', () => {
  test('writes record, sealed subject and indexes', async () => {
    const id = await accept({ reference: 'order-17', extra: 'kyc' });
    expect(await mustRead(lane.redis, keys, id)).toMatchObject({
      status: 'queued',
      reference: 'order-17',
      extra: 'kyc',
      attempts: [],
      outcome: null,
    });
    expect(await listed('queued')).toEqual([id]);
    expect(await lane.redis.hgetall(keys.photosStored())).toEqual({ now: '1', peak: '1' });
  });

  test.each([true, false, undefined])('keeps whether the upstream is the real one: %s', async (livemode) => {
    const id = await accept(livemode === undefined ? {} : { livemode });
    expect((await mustRead(lane.redis, keys, id)).livemode).toBe(livemode ?? null);
  });

  test('writes nothing over an existing record', async () => {
    const id = await accept({ reference: 'first' });
    await claim(id);
    await accept({ id, reference: 'second' });
    expect(await mustRead(lane.redis, keys, id)).toMatchObject({ status: 'verifying', reference: 'first' });
    expect(await lane.redis.hget(keys.photosStored(), 'now')).toBe('1');
  });
});

describe('claiming', () => {
  test('hands out record and subject, and counts the verification as in flight', async () => {
    const id = await accept();
    const claimed = await claim(id);
    expect(claimed).toMatchObject({ status: 'claimed', record: { status: 'verifying' } });
    expect(claimed.status === 'claimed' && claimed.subject.status).toBe('read');
    expect(await listed('verifying')).toEqual([id]);
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({ 'worker-a': '1' });
  });

  test('says so when there is nothing to claim', async () => {
    expect(await claim('ver_missing')).toEqual({ status: 'missing' });
    const cancelled = await accept();
    await cancel(cancelled);
    expect(await claim(cancelled)).toEqual({ status: 'cancelled' });
    const final = await accept();
    await claim(final);
    await finish(final);
    expect(await claim(final)).toMatchObject({ status: 'final', record: { outcome: { code: 'Success' } } });
  });

  test('names the fields of a record that cannot be read, not their values', async () => {
    const id = await accept();
    await lane.redis.hset(keys.record(id), 'outcome', '{"secret":1}', 'submittedAt', 'yesterday');
    expect(await claim(id)).toEqual({ status: 'unreadable', fields: ['submittedAt', 'outcome'] });
  });

  test('notes nothing when the same worker claims again, having lost its lock', async () => {
    const id = await accept();
    await claim(id);
    expect(await claim(id)).toMatchObject({ record: { deaths: { shared: 0, alone: 0 } } });
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({ 'worker-a': '1' });
  });

  test('turns a call that was under way when its worker died into an indeterminate attempt', async () => {
    const id = await accept();
    const held = await claimed(id);
    await markSent(context('worker-a'), {
      id,
      claim: held,
      call: 'call-a',
      sentAt: '2026-03-02T04:00:00.000Z',
    });
    expect(await claim(id, 'worker-b')).toMatchObject({
      record: {
        attemptsCounted: 0,
        attempts: [
          {
            at: '2026-03-02T04:00:00.000Z',
            durationMs: null,
            code: 'Veriqueue.WorkerCrashed',
            requestId: null,
          },
        ],
      },
    });
    expect(await ledger()).toEqual({ [`${CLIENT_ID}|Veriqueue.WorkerCrashed|unknown`]: '1' });
  });

  test('claims no indeterminate call for a worker that died before its request left', async () => {
    const id = await accept();
    await claim(id);
    expect(await claim(id, 'worker-b')).toMatchObject({ record: { attempts: [] } });
  });
});

describe('finishing', () => {
  test('writes outcome, attempt and ledger, and shreds the subject, in one step', async () => {
    const id = await accept();
    await claim(id);
    expect(await finish(id)).toEqual({ status: 'finished' });
    expect(await mustRead(lane.redis, keys, id)).toMatchObject({
      status: 'completed',
      outcome: { code: 'Success' },
      attempts: [{ code: 'Success' }],
      delivery: { status: 'pending' },
    });
    expect(await lane.redis.exists(keys.subject(id))).toBe(0);
    expect(await lane.redis.hget(keys.photosStored(), 'now')).toBe('0');
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({});
    expect(await listed('completed')).toEqual([id]);
    expect(await lane.redis.hgetall(keys.ledger('2026-03-02'))).toEqual({
      [`${CLIENT_ID}|Success|billed`]: '1',
    });
  });

  test('lets the first outcome win and counts the second call all the same', async () => {
    const id = await accept();
    await claim(id);
    await finish(id);
    const code = 'FailedOperation.CompareLowSimilarity';
    const second = { outcome: makeOutcome({ verdict: 'no_match', code }), call: makeCall(code, 'billed') };
    expect(await finish(id, second)).toEqual({ status: 'already_finished' });
    const record = await mustRead(lane.redis, keys, id);
    expect(record.outcome?.code).toBe('Success');
    expect(record.attempts).toHaveLength(2);
    expect(Object.values(await lane.redis.hgetall(keys.ledger('2026-03-02')))).toEqual(['1', '1']);
  });

  test('takes the answer of a worker that lost its claim, because it was paid for', async () => {
    const id = await accept();
    await claim(id);
    await claim(id, 'worker-b');
    expect(await finish(id)).toEqual({ status: 'finished' });
  });
});

describe('a call that is noted beside an outcome', () => {
  const stored = (id: string) => lane.redis.hmget(keys.record(id), 'outcome', 'event', 'status');
  const beside = { outcome: null, event: 'another event' };

  test.each([
    { of: 'of a run that has lost its claim', prepare: claimed, expected: 'not_ours' },
    {
      of: 'of a verification that was cancelled',
      prepare: (id: string) => cancel(id),
      expected: 'cancelled',
    },
    {
      of: 'of a verification that has its outcome',
      prepare: (id: string) => finish(id, { event: 'its event' }),
      expected: 'already_finished',
    },
  ])('$of is counted, and changes nothing else', async ({ prepare, expected }) => {
    const id = await accept();
    await prepare(id);
    const before = await stored(id);
    const call = makeCall('InternalError', 'unbilled');
    expect(await finish(id, { ...beside, call })).toEqual({ status: expected });
    expect(await stored(id)).toEqual(before);
    expect(await ledger()).toMatchObject({ [`${CLIENT_ID}|InternalError|unbilled`]: '1' });
  });

  test('makes no outcome out of an answer that comes after a cancellation', async () => {
    const id = await accept();
    await cancel(id);
    expect(await finish(id, { event: 'its event' })).toEqual({ status: 'cancelled' });
    expect(await stored(id)).toEqual([null, null, 'cancelled']);
  });
});

describe('postponing', () => {
  test('ends the claim and keeps the subject', async () => {
    const id = await accept();
    expect(await postpone(id, await claimed(id))).toBe('postponed');
    expect(await mustRead(lane.redis, keys, id)).toMatchObject({
      status: 'retrying',
      attemptsCounted: 1,
      nextAttemptAt: 1_900_000_000_000,
    });
    expect(await lane.redis.exists(keys.subject(id))).toBe(1);
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({});
    expect(await listed('retrying')).toEqual([id]);
  });

  test('leaves a verification alone that another worker has claimed', async () => {
    const id = await accept();
    const lost = await claimed(id);
    await claim(id, 'worker-b');
    expect(await postpone(id, lost)).toBe('not_ours');
    expect(await mustRead(lane.redis, keys, id)).toMatchObject({ status: 'verifying', attemptsCounted: 0 });
  });
});

describe('cancelling', () => {
  test('shreds the subject in the same step', async () => {
    const id = await accept();
    expect(await cancel(id)).toBe('cancelled');
    expect(await lane.redis.exists(keys.subject(id))).toBe(0);
    expect(await listed('cancelled')).toEqual([id]);
    expect(await lane.redis.zscore(keys.retention(), id)).toBe('1900000000000');
  });

  test('keeps what was asked about as long as what was billed, and the rest for a day', async () => {
    const [unasked, asked] = [await accept(), await accept()];
    await postpone(asked, await claimed(asked), { call: makeCall('InternalError', 'unbilled') });
    const retentionMs = 30 * CANCELLED_UNASKED_MS;
    for (const id of [unasked, asked]) {
      const now = 1_900_000_000_000;
      await cancelVerification(storeOf(lane.redis, keys), { id, clientId: CLIENT_ID, now, retentionMs });
    }
    const kept = await lane.redis.zmscore(keys.retention(), unasked, asked);
    expect(kept.map((at) => Number(at) - 1_900_000_000_000)).toEqual([CANCELLED_UNASKED_MS, retentionMs]);
  });

  test('is the same twice as once', async () => {
    const id = await accept();
    await cancel(id);
    expect(await cancel(id)).toBe('cancelled');
    expect(await lane.redis.hget(keys.photosStored(), 'now')).toBe('0');
  });

  test('comes too late for what a worker has claimed or what is final', async () => {
    const id = await accept();
    await claim(id);
    expect(await cancel(id)).toBe('too_late');
    await finish(id);
    expect(await cancel(id)).toBe('too_late');
  });

  test('finds nothing of another client', async () => {
    const id = await accept();
    expect(await cancel(id, 'client_other')).toBe('missing');
  });
});

describe('listing', () => {
  test('goes newest first and page by page, also within one millisecond', async () => {
    const times = [1000, 2000, 2000, 2000, 3000];
    const ids = [];
    for (const submittedAt of times) ids.push(await accept({ submittedAt }));
    const pages: string[][] = [];
    let after: { submittedAt: number; id: string } | undefined;
    do {
      const page = await searchVerifications(lane.redis, keys, { clientId: CLIENT_ID, limit: 2, after });
      pages.push(page.ids);
      after = page.next ?? undefined;
    } while (after);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    const expected = [ids[4], ...ids.slice(1, 4).sort().reverse(), ids[0]];
    expect(pages.flat()).toEqual(expected);
  });
});
