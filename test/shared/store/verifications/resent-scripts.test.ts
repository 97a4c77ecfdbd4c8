import { basename } from 'node:path';
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, test } from 'vitest';
import { claimIdempotencyKey, releaseIdempotencyKey } from '../../../../producer/submission/idempotency.ts';
import { pauseAccount } from '../../../../shared/account/limiter/pause-account.ts';
import { createPersonLimit } from '../../../../shared/account/person-limit/person-limit.ts';
import { noticeTypes, operatorEventTypes } from '../../../../shared/contract/event-type.ts';
import { generateKey } from '../../../../shared/sealing/generate-keys.ts';
import { parseKeyRing } from '../../../../shared/sealing/key-ring.ts';
import { pruneAudit } from '../../../../shared/store/audit/audit-state.ts';
import { adoptActivity, chainAudit, noteAudit } from '../../../../shared/store/audit/audit-trail.ts';
import { countCallMade } from '../../../../shared/store/clients/calls-made.ts';
import { changeClient } from '../../../../shared/store/clients/change-client.ts';
import { createClient } from '../../../../shared/store/clients/create-client.ts';
import { replaceField } from '../../../../shared/store/clients/replace-field.ts';
import { disableEndpoint } from '../../../../shared/store/endpoints/keep-endpoint-health.ts';
import { queueDeliveryReset } from '../../../../shared/store/endpoints/reset-delivery.ts';
import { accountKeys, type StoreKeys } from '../../../../shared/store/keys.ts';
import { announceState } from '../../../../shared/store/notices/announce-state.ts';
import { dropNotices } from '../../../../shared/store/notices/drop-notices.ts';
import type { ClientNotice } from '../../../../shared/store/notices/written-notice.ts';
import { OPERATORS } from '../../../../shared/store/push/push-endpoint.ts';
import { redisSubjects } from '../../../../shared/store/subjects/redis-subjects.ts';
import { abandonClaim } from '../../../../shared/store/verifications/abandon-claim.ts';
import { beginDelivery } from '../../../../shared/store/verifications/begin-delivery.ts';
import { cancelVerification } from '../../../../shared/store/verifications/cancel.ts';
import { claimVerification } from '../../../../shared/store/verifications/claim.ts';
import { copyLedgers } from '../../../../shared/store/verifications/copy-ledger.ts';
import { eraseVerification } from '../../../../shared/store/verifications/erase.ts';
import { finishVerification } from '../../../../shared/store/verifications/finish.ts';
import { forgetVerification } from '../../../../shared/store/verifications/forget.ts';
import { giveUpDelivery } from '../../../../shared/store/verifications/give-up-delivery.ts';
import { keepEvent } from '../../../../shared/store/verifications/keep-event.ts';
import { logDelivery } from '../../../../shared/store/verifications/log-delivery.ts';
import { markSent } from '../../../../shared/store/verifications/mark-sent.ts';
import { noteCall } from '../../../../shared/store/verifications/note-call.ts';
import { noteRunAlone } from '../../../../shared/store/verifications/note-run-alone.ts';
import type { OwnedClaim } from '../../../../shared/store/verifications/owned-claim.ts';
import { postponeVerification } from '../../../../shared/store/verifications/postpone.ts';
import { recordDelivery } from '../../../../shared/store/verifications/record-delivery.ts';
import { rewrapSubjects } from '../../../../shared/store/verifications/rewrap-subjects.ts';
import { shredSubject } from '../../../../shared/store/verifications/shred-subject.ts';
import { takeBackMark } from '../../../../shared/store/verifications/take-back-mark.ts';
import { withdrawVerification } from '../../../../shared/store/verifications/withdraw.ts';
import { useTestLane } from '../../../support/lane.ts';
import { listLuaFiles } from '../../../support/lua-files.ts';
import {
  acceptRecord,
  CLIENT_ID,
  DAY,
  makeCall,
  makeFinishing,
  mustRead,
  storeOf,
} from '../../../support/records.ts';
import { loseReplies, type ResentScript, readWholeRedis } from '../../../support/resent.ts';

const lane = useTestLane();
let keys: StoreKeys;
beforeEach(async () => {
  await lane.redis.flushall();
  keys = lane.freshKeys();
});

const NOW = Date.parse(`${DAY}T04:00:00Z`);
const attempt = {
  at: `${DAY}T04:00:01.000Z`,
  durationMs: 12,
  status: 503,
  errorClass: null,
  answer: 'busy',
};

const auditEvent = {
  ...({ actorKind: 'system', actor: 'worker', targetKind: 'lane' } as const),
  ...{ action: 'test', target: null, result: 'done' },
};

const context = (redis: Redis, workerId = 'worker-a') => ({
  ...storeOf(redis, keys),
  subjects: redisSubjects,
  workerId,
});
const accepted = () => acceptRecord(lane.redis, keys, lane.keyRing);
async function finishedRecord(): Promise<string> {
  const id = await accepted();
  await finishVerification(storeOf(lane.redis, keys), makeFinishing(id));
  return id;
}

const claim = (redis: Redis, id: string, token: string) =>
  claimVerification(context(redis), { id, clientId: CLIENT_ID, token, day: DAY });

/** Claimed, and its request has left. */
async function sent() {
  const id = await accepted();
  const held: OwnedClaim = { workerId: 'worker-a', token: 'token-a-----' };
  await claim(lane.redis, id, held.token);
  const call = makeCall('Success', 'billed');
  await markSent(context(lane.redis), { id, claim: held, call: call.id, sentAt: call.attempt.at });
  return { id, call, claim: held };
}

/** One of the client's endpoints asks for it. */
const postponeWithNotice = async (redis: Redis) => {
  await lane.redis.hset(keys.noticeTypes(), CLIENT_ID, noticeTypes.retrying);
  await postpone(redis, { clientId: CLIENT_ID, id: 'evt_one', body: `{"type":"${noticeTypes.retrying}"}` });
};

const postpone = async (redis: Redis, notice: ClientNotice | null = null) => {
  const { id, call, claim: held } = await sent();
  await postponeVerification(redis, keys, {
    id,
    claim: held,
    call,
    status: 'retrying',
    counted: true,
    fateUnknown: true,
    deferredBefore: 'minute',
    nextAttemptAt: NOW,
    notice,
  });
};

const recordOne = async (redis: Redis) => {
  const id = await finishedRecord();
  await beginDelivery(lane.redis, keys, id, 'run-a');
  const progress = { id, run: 'run-a', nextAttemptAt: NOW, attempt, now: NOW, keepUntil: null } as const;
  await recordDelivery(redis, keys, {
    ...progress,
    status: 'retrying',
    endpoint: `${CLIENT_ID} https://a.example`,
  });
};

const admitTheOnlyOneOfToday = async (redis: Redis) => {
  const limit = { perMinute: 1, perDay: 1, now: () => NOW, random: () => 0.5 };
  const persons = createPersonLimit({ redis, keys: accountKeys(keys.lane), keyRing: lane.keyRing, ...limit });
  expect(await persons.admit('990001199001010013')).toMatchObject({ status: 'admitted' });
};

const idempotencyClaim = (redis: Redis) => {
  const store = { redis, keys, keyRing: lane.keyRing };
  return claimIdempotencyKey(store, {
    clientId: CLIENT_ID,
    key: 'key',
    id: 'ver_1',
    parts: ['a'],
    retentionMs: 1e6,
  });
};

/** A ring whose newest key is another one. */
function longerRing() {
  const [old] = lane.keyRing.keys;
  const parsed = parseKeyRing(generateKey((size) => Buffer.alloc(size, 7)));
  if (!parsed.ok) throw new Error(parsed.errors.join());
  return { keys: [parsed.keyRing.keys[0], old] as const, newest: parsed.keyRing.newest };
}

/** One script each, in a state in which it has something to do. */
const scenarios: Readonly<Record<string, (redis: Redis) => Promise<unknown>>> = {
  'abandon-claim': async (redis) => {
    const { id, claim: held } = await sent();
    await abandonClaim(context(redis), { id, clientId: CLIENT_ID, claim: held, day: DAY });
  },
  'admit-person': admitTheOnlyOneOfToday,
  'count-call-made': async (redis) => {
    const call = { call: 'call-a', isRepeat: true, extended: { byMs: 1, reason: 'held' as const }, at: NOW };
    await countCallMade(redis, keys, { id: await accepted(), clientId: CLIENT_ID, ...call });
  },
  'begin-delivery': async (redis) => beginDelivery(redis, keys, await finishedRecord(), 'run-a'),
  cancel: async (redis) =>
    cancelVerification(storeOf(redis, keys), {
      id: await accepted(),
      clientId: CLIENT_ID,
      now: NOW,
      retentionMs: 1_000,
    }),
  'change-client': async (redis) => {
    const client = { name: 'a', allowedOrigins: ['*'], now: NOW };
    const { clientId } = await createClient({ redis: lane.redis, keys, keyRing: lane.keyRing }, client);
    await changeClient(redis, keys, clientId, { name: 'b', callbackUrl: null });
  },
  claim: async (redis) => {
    const { id } = await sent();
    // Dead for longer than any clock of this test is off.
    await lane.redis.zadd(keys.heartbeats(), Date.now() - 3_600_000, 'worker-a');
    await claimVerification(context(redis, 'worker-b'), {
      id,
      clientId: CLIENT_ID,
      token: 'token-b-----',
      day: DAY,
    });
  },
  'claim-idempotency-key': idempotencyClaim,
  'copy-calls': async (redis) => {
    await finishVerification(
      storeOf(lane.redis, keys),
      makeFinishing(await accepted(), { call: makeCall('Success', 'billed') }),
    );
    await copyLedgers(redis, keys, [DAY], { now: NOW, report: (name) => expect.fail(name) });
  },
  erase: async (redis) =>
    eraseVerification(storeOf(redis, keys), {
      ...{ id: await finishedRecord(), clientId: CLIENT_ID, keptMs: 60_000, now: NOW },
      by: { actorKind: 'client', actor: CLIENT_ID },
    }),
  forget: async (redis) =>
    forgetVerification(storeOf(redis, keys), { id: await finishedRecord(), clientId: null, now: NOW }),
  'announce-state': async (redis) => {
    await lane.redis.hset(keys.noticeTypes(), OPERATORS, operatorEventTypes.suspended);
    const state = {
      account: 'main',
      status: 'held',
      reason: 'ResourceUnavailable.InArrears',
      since: NOW,
    } as const;
    await announceState(storeOf(redis, keys), state, { read: { from: NOW, to: NOW }, now: NOW });
  },
  'drop-notices': async (redis) => {
    await postponeWithNotice(lane.redis);
    await dropNotices(storeOf(redis, keys), { keptMs: 0, limit: 10 });
  },
  'give-up-delivery': async (redis) =>
    giveUpDelivery(redis, keys, { id: await finishedRecord(), now: NOW, notice: null }),
  'keep-event': async (redis) => keepEvent(redis, keys, await finishedRecord(), 'event'),
  limiter: (redis) => pauseAccount(redis, accountKeys(keys.lane), 'a reason'),
  'log-delivery': async (redis) => logDelivery(redis, keys, await finishedRecord(), attempt),
  'mark-sent': async (redis) => {
    const { id, claim: held } = await sent();
    await markSent(context(redis), { id, claim: held, call: 'call-b', sentAt: attempt.at });
  },
  'note-call': async (redis) => {
    const { id, call } = await sent();
    await noteCall(context(redis), id, { ...call, isListed: false });
  },
  'note-run-alone': async (redis) => {
    const { id, claim: held } = await sent();
    await noteRunAlone(context(redis), { id, claim: held });
  },
  postpone: postponeWithNotice,
  'record-delivery': recordOne,
  'release-idempotency-key': async (redis) => {
    const claimed = await idempotencyClaim(lane.redis);
    if (claimed.status !== 'claimed') throw new Error('Cannot test: the key must be claimed');
    await releaseIdempotencyKey(redis, claimed);
  },
  'replace-client-field': async (redis) => {
    await lane.redis.hset(keys.client(CLIENT_ID), 'apiKeys', '[]');
    await replaceField(redis, keys, { clientId: CLIENT_ID, field: 'apiKeys' }, () => ({ value: '["k"]' }));
  },
  'replace-data-key': async (redis) => {
    await accepted();
    const watch = {
      signal: new AbortController().signal,
      onProgress: () => undefined,
      report: (name: string) => expect.fail(name),
    };
    expect(await rewrapSubjects({ redis, keys, keyRing: longerRing(), epochs: null }, watch)).toMatchObject({
      seen: 1,
    });
  },
  'replace-endpoint-health': (redis) => disableEndpoint(redis, keys, `${CLIENT_ID} https://a.example`, NOW),
  'note-audit': (redis) => noteAudit(redis, keys, auditEvent),
  'chain-audit': async (redis) => {
    await noteAudit(lane.redis, keys, auditEvent, auditEvent);
    await chainAudit({ redis, keys, signingKey: null });
  },
  'prune-audit': async (redis) => {
    await noteAudit(lane.redis, keys, auditEvent, auditEvent);
    await chainAudit({ redis: lane.redis, keys, signingKey: null });
    const now = Date.now() + 1_000_000;
    await pruneAudit({ redis, keys, signingKey: null }, { retentionMs: 0, now });
    expect(await lane.redis.xlen(keys.auditTrail())).toBe(0);
  },
  'adopt-activity': async (redis) => {
    await lane.redis.xadd(keys.operatorActivity(), '*', 'operator', 'a', 'action', 'b');
    await adoptActivity(redis, keys);
    expect(await lane.redis.llen(keys.auditWaiting())).toBe(1);
  },
  finish: async (redis) => {
    const { id, call } = await sent();
    await finishVerification(storeOf(redis, keys), makeFinishing(id, { call, event: 'event' }));
  },
  'shred-subject': async (redis) => shredSubject(storeOf(redis, keys), await accepted()),
  'take-back-mark': async (redis) => {
    const { id, call } = await sent();
    await claim(lane.redis, id, 'token-c-----');
    await takeBackMark(context(redis), { id, call: call.id });
  },
  withdraw: async (redis) =>
    withdrawVerification(storeOf(redis, keys), { id: await accepted(), clientId: CLIENT_ID }),
};

/** The others, and why a second run does no harm. */
const elsewhere: Readonly<Record<string, string>> = {
  accept: 'part of a transaction: tested below',
  promise: 'part of a transaction: tested below',
  'copy-verification': 'of a benchmark: it writes the same copies',
  'take-upload': 'a lost reply costs the client another upload',
  'expect-photo': 'moves the time until which the same photo is expected',
  'list-photos-to-delete': 'what it takes over is listed the second time',
  'note-client-weight': 'brings an entry up to date that is so the second time',
  'sum-client-weights': 'adds the same entries up',
  'reset-delivery': 'part of a transaction: tested below',
  'read-limiter': 'reads only',
  'count-workers': 'reads only',
  'announce-accounts': 'writes the same accounts',
  'touch-key': 'writes the same time',
  'read-budget': 'reads only',
  'read-feed': 'reads only',
  'replace-endpoints': 'the change is computed again, over a list that has it',
  'take-push': 'takes what it has, and moves the time until which it has it',
  'save-push': 'writes the same fields; what it gave back is taken again at the next look',
  'take-redelivery-room': 'finds what it has taken the second time',
  'restart-push': 'begins once more from the same number',
  'note-audit-head': 'a lost reply costs a line of the log',
  'reserve-place': 'moves the time until which the same place is reserved',
  'note-budget': 'writes the same levels; a lost reply costs a line of the log',
  heartbeat: 'writes the time at which it runs',
  'give-back-silent': 'what it gives back is no longer active the second time',
  'join-account': 'writes the same upstream, and moves the time until which the worker counts as present',
  'reset-account-upstream': 'what it deletes is gone the second time',
  'note-livemode': 'sets one field to the same value',
  'keep-lock': 'sets one lock to its own token',
  'forget-empty-endpoint': 'takes one entry out of a set',
  'look-at-jobs': 'what it clears is gone the second time',
  'delete-client': 'what it deletes is gone the second time',
  'add-operator': 'finds its own key the second time',
  'revoke-operator': 'what it takes out is gone the second time',
  'begin-console-session': 'writes one field with one value',
  'touch-console-session': 'writes one field with one value',
  place: 'what has a place keeps it (test/shared/store/shares/shares-script.test.ts)',
  'land-retries': 'what it has placed is not behind the others the second time',
  'leave-line': 'takes one entry out of a set',
  'weigh-clients': 'what it has weighed has that weight the second time',
  'rebase-tags': 'what it has taken off is below the limit the second time',
  'take-from-rate':
    'counts, but on connections that never send again (`request` in shared/store/redis/redis-roles.ts)',
};

describe('a script that is sent again because its reply was lost', () => {
  test.each(Object.entries(scenarios))('changes nothing: %s', async (_, run) => {
    const seen: ResentScript[] = [];
    await run(loseReplies(lane.redis, seen));
    expect(seen.length).toBeGreaterThan(0);
    for (const { once, twice } of seen) expect(twice).toEqual(once);
  });

  test('changes nothing: accept, with its promise', async () => {
    const promise = {
      baseMs: 1_000,
      perTurnMs: 50,
      unit: 1,
      byCalls: { perCallMs: 50, beforeMs: 6_000 },
      since: { lost: { paused: 0, held: 0, slow: 0, rate: 0 }, repeats: 0 },
    };
    const given = { reference: 'order-17', promise };
    const id = await acceptRecord(lane.redis, keys, lane.keyRing, given);
    const once = await readWholeRedis(lane.redis);
    expect((await mustRead(lane.redis, keys, id)).promise).toMatchObject({ perTurnMs: 50 });
    await acceptRecord(lane.redis, keys, lane.keyRing, { id, ...given });
    expect(await readWholeRedis(lane.redis)).toEqual(once);
  });

  test('changes nothing: resetDelivery', async () => {
    const id = await finishedRecord();
    await lane.redis.zadd(`${keys.queuePrefix}:${keys.deliveryQueue}:prioritized`, 1, `${id}-r1`);
    const reset = async () => {
      const transaction = lane.redis.multi();
      queueDeliveryReset(transaction, keys, {
        id,
        jobId: `${id}-r1`,
        status: 'pending',
        previous: '',
        redelivery: '1 token',
        endpoints: [`${CLIENT_ID} none`],
      });
      await transaction.exec();
      return readWholeRedis(lane.redis);
    };
    const once = await reset();
    expect((await mustRead(lane.redis, keys, id)).isPublished).toBe(true);
    expect(await reset()).toEqual(once);
  });

  test('is one of all scripts there are', () => {
    const scripts = listLuaFiles()
      .filter((path) => !path.startsWith('test/') && !path.includes('/fragments/'))
      .map((path) => basename(path, '.lua'));
    expect([...Object.keys(scenarios), ...Object.keys(elsewhere)].sort()).toEqual(scripts.sort());
  });
});

describe('a script that is sent again behind what others did meanwhile', () => {
  test('takes no claim back', async () => {
    const id = await accepted();
    await claim(lane.redis, id, 'token-a-----');
    await claim(lane.redis, id, 'token-b-----');
    const before = await readWholeRedis(lane.redis);
    expect(await claim(lane.redis, id, 'token-a-----')).toEqual({ status: 'lost' });
    expect(await readWholeRedis(lane.redis)).toEqual(before);
  });

  test('moves no delivery back', async () => {
    const id = await finishedRecord();
    const conclude = (run: string, status: 'retrying' | 'delivered') =>
      recordDelivery(lane.redis, keys, {
        id,
        run,
        status,
        nextAttemptAt: null,
        attempt,
        now: NOW,
        keepUntil: null,
      });
    await beginDelivery(lane.redis, keys, id, 'run-a');
    await conclude('run-a', 'retrying');
    await beginDelivery(lane.redis, keys, id, 'run-b');
    await conclude('run-b', 'delivered');
    const before = await readWholeRedis(lane.redis);
    expect(await conclude('run-a', 'retrying')).toBe('recorded');
    expect(await readWholeRedis(lane.redis)).toEqual(before);
  });
});
