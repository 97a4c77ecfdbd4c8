import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  EPOCH_MS,
  endOfEpochKey,
  isDueForRenewal,
  wrapInEpoch,
} from '../../../../shared/sealing/epoch-wrap.ts';
import { type KeyRing, parseKeyRing } from '../../../../shared/sealing/key-ring.ts';
import { type SealedSubject, sealSubject } from '../../../../shared/sealing/seal.ts';
import { createEpochKeys } from '../../../../shared/store/epochs/epoch-keys.ts';
import { openInEpoch } from '../../../../shared/store/epochs/open-in-epoch.ts';
import { renewEpochs } from '../../../../shared/store/epochs/renew-epochs.ts';
import { storeKeys } from '../../../../shared/store/keys.ts';
import { reportRound } from '../../../../worker/maintenance/renew-epochs.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const MINUTE = 60_000;
/** Between a reading of our clock and one of Redis': the virtual clock goes by whole minutes. */
const SLACK_MS = 30_000;
const SUBJECTS = 1_000;
const keys = storeKeys('epochs');

let mainServer: TestRedis;
let epochServer: TestRedis;
let redis: Redis;
let epochRedis: Redis;
let keyRing: KeyRing;

beforeAll(async () => {
  [mainServer, epochServer] = await Promise.all([startTestRedis(), startTestRedis()]);
  redis = new Redis(mainServer.url);
  epochRedis = new Redis(epochServer.url);
  const parsing = parseKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  keyRing = parsing.ok ? parsing.keyRing : expect.fail('the ring must be read');
});
afterAll(async () => {
  redis?.disconnect();
  epochRedis?.disconnect();
  await Promise.all([mainServer?.stop(), epochServer?.stop()]);
});

/** The store of epochs under a clock of the test's: what Redis would have expired by then is deleted. */
async function passTime(now: number): Promise<void> {
  for (const name of await epochRedis.keys('vq-epoch:*')) {
    if (Date.now() + (await epochRedis.pttl(name)) - SLACK_MS <= now) await epochRedis.del(name);
  }
}
const clockOf = (now: () => number) => ({ read: async () => now(), elapsed: now });

type Copy = readonly { readonly id: string; readonly sealed: SealedSubject }[];

/** How many subjects of a copy a person opens who has the sealing keys, and the store of epochs as it is. */
async function countOpened(copy: Copy, now: number): Promise<number> {
  const epochs = createEpochKeys(
    epochRedis,
    clockOf(() => now),
  );
  const openings = await Promise.all(
    copy.map(({ id, sealed }) => openInEpoch({ keyRing, epochs }, id, sealed)),
  );
  return openings.filter(({ status }) => status === 'opened').length;
}

test('a dump and the AOF of any instant, with all other keys, open 0 of 1,000 subjects an hour later', async () => {
  let now = Date.parse('2030-01-31T00:00:00Z') + 7 * MINUTE;
  const epochs = createEpochKeys(
    epochRedis,
    clockOf(() => now),
  );
  const aof: { id: string; sealed: SealedSubject }[] = [];
  const copies: { at: number; dump: Copy; aof: Copy }[] = [];
  const subject = { idCard: '11010519491231002X', name: '测试', photo: Buffer.from([0xff, 0xd8]) };
  const waiting = new Map<string, SealedSubject>();

  /** What Redis writes from now on is in the AOF too. */
  const note = async () => {
    for (const [id, sealed] of waiting) {
      const wrappedKey = await redis.hgetBuffer(keys.subject(id), 'key');
      if (wrappedKey === null || wrappedKey.equals(sealed.wrappedKey)) continue;
      waiting.set(id, { ...sealed, wrappedKey });
      aof.push({ id, sealed: { ...sealed, wrappedKey } });
    }
  };
  for (let minute = 0; minute < 150; minute += 1) {
    now += MINUTE;
    await passTime(now);
    const key = await epochs.current();
    const arriving = minute < 100 ? SUBJECTS / 100 : 0;
    for (let i = 0; i < arriving; i += 1) {
      const id = `ver_${minute}_${i}`;
      const byRing = sealSubject(keyRing, id, subject);
      const sealed = { ...byRing, wrappedKey: wrapInEpoch(key, id, byRing.wrappedKey) };
      waiting.set(id, sealed);
      aof.push({ id, sealed });
      await redis
        .multi()
        .hset(keys.subject(id), 'key', sealed.wrappedKey)
        .zadd(keys.unfinishedIndex(), now, id)
        .exec();
    }
    expect(await renewEpochs({ redis, keys, epochs })).toMatchObject({ lost: [], passedBy: [] });
    await note();
    const dump = [...waiting].map(([id, sealed]) => ({ id, sealed }));
    if (minute % 25 === 24) copies.push({ at: now, dump, aof: [...aof] });
    // What waits is readable at any time, however long it has waited.
    if (minute % 25 === 24) expect(await countOpened(dump, now)).toBe(waiting.size);
    for (const copy of copies.filter(({ at }) => at + 60 * MINUTE === now)) {
      expect([await countOpened(copy.dump, now), await countOpened(copy.aof, now)]).toEqual([0, 0]);
    }
  }
  expect(waiting.size).toBe(SUBJECTS);
  expect(copies.filter(({ at }) => at + 60 * MINUTE <= now).map(({ dump }) => dump.length)).toEqual([
    250, 500, 750,
  ]);
  // The whole of it, an hour after everything that was written.
  const last = copies.at(-1);
  expect(new Set(last?.aof.map(({ id }) => id)).size).toBe(SUBJECTS);
  for (let minute = 0; minute < 60; minute += 1) {
    now += MINUTE;
    await passTime(now);
  }
  expect([await countOpened(last?.dump ?? [], now), await countOpened(last?.aof ?? [], now)]).toEqual([0, 0]);
});

test('the key of an epoch is one for all processes, and expires', async () => {
  const now = Date.parse('2031-01-31T00:00:00Z');
  const [one, other] = [
    createEpochKeys(
      epochRedis,
      clockOf(() => now),
    ),
    createEpochKeys(
      epochRedis,
      clockOf(() => now),
    ),
  ];
  const made = await Promise.all([one.current(), other.current()]);
  expect(made[0]).toEqual(made[1]);
  const name = `vq-epoch:${now / EPOCH_MS}`;
  expect(await epochRedis.pexpiretime(name)).toBe(endOfEpochKey(now / EPOCH_MS));
  expect(endOfEpochKey(now / EPOCH_MS) - now).toBe(40 * MINUTE);
  const later = createEpochKeys(
    epochRedis,
    clockOf(() => now + EPOCH_MS),
  );
  expect((await later.current()).bytes.equals(made[0].bytes)).toBe(false);
  expect(await later.find(1)).toBeNull();
});

test('a key that a process of the version before made early ends when others expect it to', async () => {
  const now = Date.parse('2032-01-31T00:00:00Z');
  const epoch = now / EPOCH_MS;
  const name = `vq-epoch:${epoch}`;
  // Its clock was 25 minutes fast: the key would end 15 minutes after its epoch began.
  await epochRedis.set(name, randomBytes(32), 'PXAT', now + 15 * MINUTE);
  await createEpochKeys(
    epochRedis,
    clockOf(() => now),
  ).current();
  expect(await epochRedis.pexpiretime(name)).toBe(endOfEpochKey(epoch));
  expect([-3, -2, -1, 0, 1].map((from) => isDueForRenewal(epoch + from, epoch))).toEqual([
    ...[true, true, false, false, true],
  ]);
});

test('a round that loses what waits is reported in one line, with a count', async () => {
  const ids = Array.from({ length: 40 }, (_, i) => `ver_lost_${i}`);
  const lane = storeKeys('lost-epochs');
  const gone = { epoch: 1, bytes: randomBytes(32) };
  for (const id of ids) {
    await redis.hset(lane.subject(id), 'key', wrapInEpoch(gone, id, randomBytes(60)));
    await redis.zadd(lane.unfinishedIndex(), 1, id);
  }
  await redis.zadd(lane.unfinishedIndex(), 1, 'ver_of_another_type');
  await redis.set(lane.subject('ver_of_another_type'), 'no hash');
  const lines: object[] = [];
  const note = (fields: object) => void lines.push(fields);
  const round = await renewEpochs({ redis, keys: lane, epochs: createEpochKeys(epochRedis) });
  expect([...round.lost].sort()).toEqual([...ids].sort());
  reportRound({ warn: note, error: note }, round);
  expect(lines).toMatchObject([
    { event: 'epoch_lost', count: 40, verification: expect.stringMatching(/^ver_lost_/) },
    { event: 'epoch_renewal_failed', count: 1, verification: 'ver_of_another_type' },
  ]);
});
