import { beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_BILLED_CODES, resolveOutcome } from '../../../../shared/outcomes/resolve-outcome.ts';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { redisSubjects } from '../../../../shared/store/subjects/redis-subjects.ts';
import { readUsage } from '../../../../shared/store/usage/usage.ts';
import { abandonClaim } from '../../../../shared/store/verifications/abandon-claim.ts';
import { beginDelivery } from '../../../../shared/store/verifications/begin-delivery.ts';
import { cancelVerification } from '../../../../shared/store/verifications/cancel.ts';
import { claimVerification } from '../../../../shared/store/verifications/claim.ts';
import { finishVerification } from '../../../../shared/store/verifications/finish.ts';
import { markSent } from '../../../../shared/store/verifications/mark-sent.ts';
import { noteCall } from '../../../../shared/store/verifications/note-call.ts';
import type { NotedCall } from '../../../../shared/store/verifications/noted-call.ts';
import type { OwnedClaim } from '../../../../shared/store/verifications/owned-claim.ts';
import { postponeVerification } from '../../../../shared/store/verifications/postpone.ts';
import { makeRunToken } from '../../../../shared/store/verifications/run-token.ts';
import { takeBackMark } from '../../../../shared/store/verifications/take-back-mark.ts';
import type { VerificationRecord } from '../../../../shared/store/verifications/verification-record.ts';
import { tracingOff } from '../../../../shared/tracing/tracing.ts';
import { createWorkerMetrics } from '../../../../worker/metrics.ts';
import { createFinish, type FinalAnswer } from '../../../../worker/verification/finish-verification.ts';
import { useTestLane } from '../../../support/lane.ts';
import { recordLog } from '../../../support/recorded-log.ts';
import {
  acceptRecord,
  CLIENT_ID,
  DAY,
  makeCall,
  makeFinishing,
  mustRead,
  storeOf,
} from '../../../support/records.ts';

const lane = useTestLane();
let keys: StoreKeys;
beforeEach(() => {
  keys = lane.freshKeys();
});

const NOW = Date.parse(`${DAY}T04:00:00Z`);

interface Run {
  readonly claim: OwnedClaim;
  /** As this run knows it. */
  readonly record: VerificationRecord;
}

/** What the runs of one verification do, each as a process of its own. */
const context = (workerId = 'worker-a') => ({
  ...storeOf(lane.redis, keys),
  subjects: redisSubjects,
  workerId,
});
const accept = () => acceptRecord(lane.redis, keys, lane.keyRing);
const read = (id: string) => mustRead(lane.redis, keys, id);
async function claim(id: string, workerId: string): Promise<Run> {
  const token = makeRunToken();
  const claimed = await claimVerification(context(workerId), { id, clientId: CLIENT_ID, token, day: DAY });
  if (claimed.status !== 'claimed')
    throw new Error(`Cannot go on: it must be claimed, received ${claimed.status}`);
  return claimed;
}
const mark = (id: string, run: Run, call: NotedCall) =>
  markSent(context(), { id, claim: run.claim, call: call.id, sentAt: call.attempt.at });
const retry = (id: string, run: Run, call: NotedCall | null) =>
  postponeVerification(lane.redis, keys, {
    id,
    claim: run.claim,
    call,
    status: 'retrying',
    counted: true,
    fateUnknown: false,
    deferredBefore: 'none',
    nextAttemptAt: NOW,
  });
const answer = (run: Run, call: NotedCall | null, more: Partial<FinalAnswer> = {}) =>
  createFinish({
    ...storeOf(lane.redis, keys),
    matchThreshold: undefined,
    livemode: false,
    billedCodes: DEFAULT_BILLED_CODES,
    metrics: createWorkerMetrics(keys, async () => undefined),
    tracing: tracingOff,
    log: recordLog().logger,
    now: () => NOW,
  })(run.record, {
    row: resolveOutcome(call?.attempt.code ?? 'Veriqueue.Quarantined'),
    call,
    ...more,
  });

const success = () => makeCall('Success', 'billed');
const codes = async (id: string) => (await read(id)).attempts.map(({ code }) => code);
const usage = async () => {
  const { data } = await readUsage(lane.redis, keys, { from: DAY, to: DAY }, (name) => expect.fail(name));
  return Object.fromEntries(data.map((row) => [row.code, row.billed + row.unbilled + row.unknown]));
};
const eventOf = async (id: string) =>
  JSON.parse((await lane.redis.hget(keys.record(id), 'event')) ?? 'null')?.data;

describe('a run whose verification another run has claimed', () => {
  test('is not allowed to send, and leaves the other run its mark', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    const b = await claim(id, 'worker-b');
    const [ofA, ofB] = [success(), success()];
    expect(await mark(id, b, ofB)).toBe('marked');
    expect(await mark(id, a, ofA)).toBe('lost');
    expect((await read(id)).mark).toEqual({ call: ofB.id, at: ofB.attempt.at });
  });

  test('is not allowed to send when its own process claimed it again', async () => {
    const id = await accept();
    const first = await claim(id, 'worker-a');
    await claim(id, 'worker-a');
    expect(await mark(id, first, success())).toBe('lost');
  });

  test('is not allowed to send when a worker of an earlier version has claimed it', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    await lane.redis.hset(keys.record(id), 'claimedBy', 'older');
    expect(await mark(id, a, success())).toBe('lost');
  });

  test('ends neither the claim nor the count of the other one', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    const b = await claim(id, 'worker-b');
    await retry(id, a, null);
    await abandonClaim(context(), { id, clientId: CLIENT_ID, claim: a.claim, day: DAY });
    expect(await read(id)).toMatchObject({ status: 'verifying', claim: b.claim, attemptsCounted: 0 });
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({ 'worker-b': '1' });
  });

  test('decides nothing of its own', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    await claim(id, 'worker-b');
    await answer(a, null, { needs: a.claim });
    expect(await read(id)).toMatchObject({ status: 'verifying', outcome: null });
  });

  test('brings the outcome when it has the answer about the person: it was paid for', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    const call = success();
    await mark(id, a, call);
    const b = await claim(id, 'worker-b');
    await answer(a, call);
    expect(await read(id)).toMatchObject({ status: 'completed', outcome: { possiblyBilledAgain: false } });
    expect(await mark(id, b, success())).toBe('lost');
    expect(await codes(id)).toEqual(['Success']);
    expect(await lane.redis.hgetall(keys.inFlight())).toEqual({});
  });
});

describe('a call that was taken for lost', () => {
  test('is corrected by its answer, in record and ledger', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    const call = makeCall('FailedOperation.CompareSystemError', 'unbilled');
    await mark(id, a, call);
    await claim(id, 'worker-b');
    expect(await codes(id)).toEqual(['Veriqueue.WorkerCrashed']);
    expect(await usage()).toEqual({ 'Veriqueue.WorkerCrashed': 1 });
    await retry(id, a, call);
    await retry(id, a, call);
    expect(await codes(id)).toEqual(['FailedOperation.CompareSystemError']);
    expect(await usage()).toEqual({ 'FailedOperation.CompareSystemError': 1 });
  });

  test('is corrected by a refusal as too fast as well', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    const call = { ...makeCall('RequestLimitExceeded', 'unbilled'), isListed: false };
    await mark(id, a, call);
    await claim(id, 'worker-b');
    await noteCall(context(), id, call);
    expect(await codes(id)).toEqual(['RequestLimitExceeded']);
    expect(await usage()).toEqual({ RequestLimitExceeded: 1 });
  });

  test('makes an outcome stale that was made before its answer came', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    const call = makeCall('FailedOperation.CompareSystemError', 'unbilled');
    await mark(id, a, call);
    const b = await claim(id, 'worker-b');
    await retry(id, a, call);
    const finish = { ...makeFinishing(id), call: success(), seen: b.record };
    expect(await finishVerification(storeOf(lane.redis, keys), finish)).toMatchObject({
      status: 'stale',
      record: { attempts: [{ code: 'FailedOperation.CompareSystemError' }] },
    });
    expect((await read(id)).outcome).toBeNull();
  });

  test('is taken off again when it turns out that it was never sent', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    const call = success();
    await mark(id, a, call);
    const b = await claim(id, 'worker-b');
    await takeBackMark(context(), { id, call: call.id });
    expect(await codes(id)).toEqual([]);
    expect(await usage()).toEqual({});
    await answer(b, success());
    expect(await eventOf(id)).toMatchObject({
      attempts: [{ code: 'Success' }],
      outcome: { possiblyBilledAgain: false },
    });
  });

  test('keeps its place when a version before named no call', async () => {
    const id = await accept();
    await lane.redis.hset(keys.record(id), 'claimedBy', 'older', 'sentAt', '2026-03-02T03:00:00.000Z');
    const b = await claim(id, 'worker-b');
    await answer(b, success());
    expect(await codes(id)).toEqual(['Veriqueue.WorkerCrashed', 'Success']);
    expect(await eventOf(id)).toMatchObject({ outcome: { possiblyBilledAgain: true } });
  });
});

describe('a call under way when another run finishes', () => {
  /** Both runs have sent, and the second one has its outcome. */
  async function bothSent() {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    const [ofA, ofB] = [success(), success()];
    await mark(id, a, ofA);
    const b = await claim(id, 'worker-b');
    await mark(id, b, ofB);
    return { id, a, b, ofA, ofB };
  }

  test('may have been billed, and the outcome and its event say so', async () => {
    const { id, a, ofA } = await bothSent();
    await answer(a, ofA);
    const { outcome, mark: standing } = await read(id);
    expect(outcome?.possiblyBilledAgain).toBe(true);
    expect(standing).toBeNull();
    expect(await eventOf(id)).toMatchObject({
      attempts: [{ code: 'Success' }, { code: 'Veriqueue.WorkerCrashed' }],
      outcome,
    });
  });

  test('sets outcome and event right when its answer comes before a delivery', async () => {
    const { id, a, b, ofA, ofB } = await bothSent();
    await answer(b, { ...ofB });
    await answer(a, makeLate(ofA, 'InternalError'));
    const { outcome, attempts } = await read(id);
    expect(outcome).toMatchObject({ code: 'Success', possiblyBilledAgain: false });
    expect(attempts.map(({ code }) => code)).toEqual(['InternalError', 'Success']);
    expect(await eventOf(id)).toMatchObject({ attempts, outcome });
    expect(await usage()).toEqual({ InternalError: 1, Success: 1 });
  });

  test('changes nothing of what a receiver may know, and the ledger all the same', async () => {
    const { id, a, b, ofA, ofB } = await bothSent();
    await answer(b, ofB);
    const before = await beginDelivery(lane.redis, keys, id, 'run-1');
    await answer(a, makeLate(ofA, 'InternalError'));
    expect(await read(id)).toMatchObject({ outcome: { possiblyBilledAgain: true } });
    expect(await beginDelivery(lane.redis, keys, id, 'run-1')).toEqual(before);
    expect(await usage()).toEqual({ InternalError: 1, Success: 1 });
  });

  test('leaves a cancelled verification cancelled', async () => {
    const id = await accept();
    const a = await claim(id, 'worker-a');
    const call = success();
    await mark(id, a, call);
    await retry(id, await claim(id, 'worker-b'), null);
    await cancelVerification(storeOf(lane.redis, keys), {
      id,
      clientId: CLIENT_ID,
      now: NOW,
      retentionMs: 1_000,
    });
    await answer(a, call);
    expect(await read(id)).toMatchObject({ status: 'cancelled', outcome: null });
    expect(await usage()).toEqual({ Success: 1 });
  });
});

const makeLate = (call: NotedCall, code: string): NotedCall => ({
  ...makeCall(code, 'unbilled', call.id),
});
