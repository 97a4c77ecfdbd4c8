import { beforeEach, describe, expect, test } from 'vitest';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { redisSubjects } from '../../../../shared/store/subjects/redis-subjects.ts';
import { claimVerification } from '../../../../shared/store/verifications/claim.ts';
import { beat, endHeartbeat } from '../../../../shared/store/verifications/heartbeat.ts';
import { noteRunAlone } from '../../../../shared/store/verifications/note-run-alone.ts';
import type { OwnedClaim } from '../../../../shared/store/verifications/owned-claim.ts';
import { postponeVerification } from '../../../../shared/store/verifications/postpone.ts';
import { makeRunToken } from '../../../../shared/store/verifications/run-token.ts';
import { decideAfterDeaths } from '../../../../worker/verification/crash-decision.ts';
import { useTestLane } from '../../../support/lane.ts';
import { acceptRecord, CLIENT_ID, DAY, mustRead, storeOf } from '../../../support/records.ts';

const lane = useTestLane();
let keys: StoreKeys;
beforeEach(() => {
  keys = lane.freshKeys();
});

const accept = () => acceptRecord(lane.redis, keys, lane.keyRing);
const context = (workerId: string) => ({ ...storeOf(lane.redis, keys), subjects: redisSubjects, workerId });
async function claimAs(id: string, workerId: string, token = makeRunToken()): Promise<OwnedClaim> {
  const claimed = await claimVerification(context(workerId), { id, clientId: CLIENT_ID, token, day: DAY });
  if (claimed.status !== 'claimed')
    throw new Error(`Cannot go on: it must be claimed, received ${claimed.status}`);
  return claimed.claim;
}
const lives = (workerId: string) => beat(lane.redis, keys, workerId);
/** Its last heartbeat is a minute old: longer than any machine's pause in this test. */
const fallsSilent = (workerId: string) => lane.redis.zadd(keys.heartbeats(), Date.now() - 60_000, workerId);
const deathsOf = async (id: string) => (await mustRead(lane.redis, keys, id)).deaths;
const none = { shared: 0, alone: 0 };

/** The worker claims it, with this much company, and is silent when it is taken over from. */
async function diesWith(id: string, workerId: string, company: 'others' | 'none' | 'kept out') {
  await lives(workerId);
  const claim = await claimAs(id, workerId);
  if (company === 'others') await claimAs(await accept(), workerId);
  if (company === 'kept out') expect(await noteRunAlone(context(workerId), { id, claim })).toBe('noted');
  await fallsSilent(workerId);
}

describe('a claim that is taken over', () => {
  test.each([
    { company: 'others', deaths: { ...none, shared: 1 } },
    { company: 'none', deaths: { ...none, shared: 1 } },
    { company: 'kept out', deaths: { ...none, alone: 1 } },
  ] as const)('from a silent worker is a death, company: $company', async ({ company, deaths }) => {
    const id = await accept();
    await diesWith(id, 'dead', company);
    await claimAs(id, 'next');
    expect(await deathsOf(id)).toEqual(deaths);
  });

  test('from live workers, ten times, is no death', async () => {
    const id = await accept();
    for (let nth = 0; nth < 10; nth += 1) {
      const worker = `worker-${nth % 2}`;
      await lives('worker-0');
      await lives('worker-1');
      const claim = await claimAs(id, worker);
      await noteRunAlone(context(worker), { id, claim });
    }
    expect(await deathsOf(id)).toEqual(none);
  });

  test('from workers that come back, ten times, never proves guilt', async () => {
    const id = await accept();
    for (let nth = 0; nth < 10; nth += 1) {
      await diesWith(id, `worker-${nth % 2}`, 'kept out');
      await lives(`worker-${nth % 2}`);
    }
    await claimAs(id, 'next');
    expect(await deathsOf(id)).toEqual(none);
  });

  test('from workers that all were cut off from Redis is forgotten as they return', async () => {
    const id = await accept();
    for (const worker of ['a', 'b', 'c']) await diesWith(id, worker, 'kept out');
    const token = makeRunToken();
    await claimAs(id, 'next', token);
    expect(decideAfterDeaths(await deathsOf(id))).toBe('quarantine');
    await lives('b');
    // The same claim, looked at again.
    await claimAs(id, 'next', token);
    expect(await deathsOf(id)).toEqual({ ...none, alone: 2 });
  });

  test('from dead workers that had it for themselves proves guilt at the third', async () => {
    const id = await accept();
    const judged = [];
    for (const worker of ['a', 'b', 'c', 'd']) {
      await diesWith(id, worker, 'kept out');
      judged.push(decideAfterDeaths(await deathsOf(id)));
    }
    expect(judged).toEqual(['run', 'run_alone', 'run_alone', 'quarantine']);
  });

  test('from a worker that stopped in order is no death', async () => {
    const id = await accept();
    await diesWith(id, 'stopped', 'kept out');
    await endHeartbeat(lane.redis, keys, 'stopped');
    await claimAs(id, 'next');
    expect(await deathsOf(id)).toEqual(none);
  });

  test('from a worker of a version before, which has no heartbeat, is no death', async () => {
    const id = await accept();
    await lane.redis.hset(keys.record(id), 'claimedBy', 'older');
    await claimAs(id, 'next');
    expect(await deathsOf(id)).toEqual(none);
  });
});

describe('what is known of deaths', () => {
  test('is no proof where a version before counted it', async () => {
    const id = await accept();
    await lane.redis.hset(keys.record(id), 'crashesAlone', '2', 'crashesShared', '1');
    expect(await deathsOf(id)).toEqual({ ...none, shared: 3 });
  });

  test('says nothing of a later claim of a run that was made to run alone before', async () => {
    const id = await accept();
    await lives('worker');
    const claim = await claimAs(id, 'worker');
    await noteRunAlone(context('worker'), { id, claim });
    await postponeVerification(lane.redis, keys, {
      id,
      claim,
      call: null,
      status: 'queued',
      counted: false,
      fateUnknown: false,
      deferredBefore: 'none',
      nextAttemptAt: null,
    });
    await diesWith(id, 'worker', 'none');
    await claimAs(id, 'next');
    expect(await deathsOf(id)).toEqual({ ...none, shared: 1 });
  });

  test('is not that a run had it for itself which has lost it', async () => {
    const id = await accept();
    const claim = await claimAs(id, 'a');
    await claimAs(id, 'b');
    expect(await noteRunAlone(context('a'), { id, claim })).toBe('lost');
  });

  test('goes with the heartbeats that are older than a day', async () => {
    await lane.redis.zadd(keys.heartbeats(), Date.now() - 2 * 86_400_000, 'long-dead');
    await lives('worker');
    expect(await lane.redis.zrange(keys.heartbeats(), '0', '-1')).toEqual(['worker']);
  });
});
