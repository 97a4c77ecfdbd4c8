import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { photoStoreSettings } from '../../../../shared/config/photo-store-settings.ts';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { openSubjects } from '../../../../shared/store/subjects/open-subjects.ts';
import { listPhotosToDelete } from '../../../../shared/store/subjects/photo-intents.ts';
import { readSubject, type SubjectStore } from '../../../../shared/store/subjects/subject-store.ts';
import { queueAcceptance } from '../../../../shared/store/verifications/accept.ts';
import { useTestLane } from '../../../support/lane.ts';
import { findAbility } from '../../../support/needs.ts';
import { makeAcceptance } from '../../../support/records.ts';
import { type S3StandIn, startS3StandIn } from '../../../support/s3-stand-in.ts';
import { holdSubjectStore } from './subject-store-suite.ts';

const lane = useTestLane();
const settings = z.object(photoStoreSettings);
const silent = { info: () => undefined, warn: () => undefined };

function open(environment: Readonly<Record<string, string>>, keys: StoreKeys): SubjectStore {
  return openSubjects(settings.parse(environment), {
    redis: lane.redis,
    keys,
    role: 'writes',
    log: silent,
    now: Date.now,
    random: () => 0,
  });
}

/** Names and values in turn, as they come back. */
const asHash = (fields: readonly (string | Buffer)[]): Record<string, Buffer> =>
  Object.fromEntries(
    Array.from({ length: fields.length / 2 }, (_, i) => [
      String(fields[2 * i]),
      Buffer.from(fields[2 * i + 1] ?? ''),
    ]),
  );
const ciphertext = () => ({ fields: randomBytes(80), photo: randomBytes(2_000) });

describe('the store of subjects in S3', () => {
  let s3: S3StandIn;
  let keys: StoreKeys;
  let store: SubjectStore;

  beforeAll(async () => {
    s3 = await startS3StandIn();
    keys = lane.freshKeys();
    store = open(s3.environment, keys);
  });
  afterEach(() => s3.recover());
  afterAll(async () => {
    await store.close();
    await s3.stop();
  });

  holdSubjectStore(() => ({ store, redis: lane.redis }));

  it('names an object by store, day and id, and by chance: no two are the same', async () => {
    const [first, second] = [await store.put('ver_1', ciphertext()), await store.put('ver_1', ciphertext())];
    expect(first[0]).toBe('photoAt');
    expect(String(first[1])).toMatch(
      new RegExp(`^s3://photos/faces/${keys.lane}/\\d{4}-\\d\\d-\\d\\d/ver_1/[0-9a-f]{24}$`),
    );
    expect(first[1]).not.toBe(second[1]);
  });

  it('a photo that is missing leaves its subject incomplete', async () => {
    const fields = asHash(await store.put('ver_2', ciphertext()));
    await store.remove(String(fields['photoAt']));
    const hash = { ...fields, key: Buffer.from('key') };
    expect(await readSubject(store, hash)).toEqual({ status: 'incomplete' });
  });

  it('a photo is expected before a byte of it leaves', async () => {
    s3.fail('PUT', { how: 'status', status: 403, code: 'AccessDenied' });
    const fresh = lane.freshKeys();
    const refused = open(s3.environment, fresh);
    await expect(refused.put('ver_3', ciphertext())).rejects.toMatchObject({ reason: '403 AccessDenied' });
    expect(await lane.redis.zcard(fresh.photosExpected())).toBe(1);
    await refused.close();
  });

  it('a photo that may not be deleted says nothing about reading', async () => {
    const hash = asHash(await store.put('ver_4', ciphertext()));
    s3.fail('DELETE', { how: 'status', status: 403, code: 'AccessDenied' });
    await expect(store.remove(String(hash['photoAt']))).rejects.toMatchObject({
      name: 'PhotoStoreUnavailable',
      reason: '403 AccessDenied',
    });
    expect(await store.state()).toEqual({ status: 'ready' });
  });

  it('a photo lies where its record says, whichever store is the first now', async () => {
    const inS3 = { ...asHash(await store.put('ver_5', ciphertext())), key: Buffer.from('key') };
    const back = open({ ...s3.environment, PHOTO_STORE: `redis,${s3.environment['PHOTO_STORE']}` }, keys);
    const inRedis = { ...asHash(await back.put('ver_6', ciphertext())), key: Buffer.from('key') };
    expect(Object.keys(inRedis)).toContain('photo');
    for (const each of [store, back]) {
      const readings = await Promise.all([inS3, inRedis].map((hash) => readSubject(each, hash)));
      expect(readings.map(({ status }) => status)).toEqual(['read', 'read']);
    }
    await back.close();
  });
});

describe('a photo that is expected', () => {
  const accept = async (keys: StoreKeys, id: string, photoAt: string) => {
    const transaction = lane.redis.multi();
    queueAcceptance(transaction, keys, makeAcceptance(id), ['photoAt', photoAt, 'fields', 'sealed']);
    const [[error, reply] = [null, null]] = (await transaction.exec()) ?? [];
    return error === null ? reply : error.message;
  };
  const expectAt = (keys: StoreKeys, photoAt: string, at: number) =>
    lane.redis.zadd(keys.photosExpected(), at, photoAt);
  const listAll = (keys: StoreKeys) =>
    listPhotosToDelete({ redis: lane.redis, keys }, { offset: 0, limit: 9 });

  it('is part of its verification once that is accepted, and is deleted by nothing else', async () => {
    const keys = lane.freshKeys();
    await expectAt(keys, 's3://photos/a', Date.now() + 60_000);
    expect(await accept(keys, 'ver_1', 's3://photos/a')).toBe(1);
    expect(await lane.redis.zcard(keys.photosExpected())).toBe(0);
    expect(await listAll(keys)).toEqual([]);
  });

  it('is deleted when its time is over, and cannot be accepted afterwards', async () => {
    const keys = lane.freshKeys();
    await expectAt(keys, 's3://photos/late', Date.now() - 60_000);
    await expectAt(keys, 's3://photos/in-time', Date.now() + 600_000);
    expect(await listAll(keys)).toEqual(['s3://photos/late']);
    expect(await accept(keys, 'ver_1', 's3://photos/late')).toMatch(/^NOPHOTO/);
    expect(await lane.redis.exists(keys.record('ver_1'), keys.subject('ver_1'))).toBe(0);
    expect(await accept(keys, 'ver_2', 's3://photos/in-time')).toBe(1);
  });

  it('of a repeat is deleted, and the photo that was accepted stays', async () => {
    const keys = lane.freshKeys();
    await expectAt(keys, 's3://photos/first', Date.now() + 600_000);
    await expectAt(keys, 's3://photos/second', Date.now() + 600_000);
    expect(await accept(keys, 'ver_1', 's3://photos/first')).toBe(1);
    expect(await accept(keys, 'ver_1', 's3://photos/second')).toBe(0);
    expect(await lane.redis.hget(keys.subject('ver_1'), 'photoAt')).toBe('s3://photos/first');
    expect(await listAll(keys)).toEqual(['s3://photos/second']);
  });
});

const realEndpoint = process.env['S3_TEST_ENDPOINT'] ?? '';
const hasRealStore = findAbility(realEndpoint !== '', {
  name: 'S3_TEST_ENDPOINT',
  get: 'name a real object store, with S3_TEST_PHOTO_STORE=s3://bucket/prefix, S3_TEST_ACCESS_KEY_ID and S3_TEST_SECRET_ACCESS_KEY (and S3_TEST_REGION, S3_TEST_PATH_STYLE=true)',
});

describe.skipIf(!hasRealStore)(
  'the store of subjects in the object store that S3_TEST_ENDPOINT names',
  () => {
    let store: SubjectStore;
    beforeAll(() => {
      const of = (name: string) => process.env[`S3_TEST_${name}`];
      const given = {
        PHOTO_STORE: of('PHOTO_STORE'),
        PHOTO_STORE_ENDPOINT: realEndpoint,
        PHOTO_STORE_REGION: of('REGION'),
        PHOTO_STORE_PATH_STYLE: of('PATH_STYLE'),
        PHOTO_STORE_ACCESS_KEY_ID: of('ACCESS_KEY_ID'),
        PHOTO_STORE_SECRET_ACCESS_KEY: of('SECRET_ACCESS_KEY'),
      };
      const known = Object.entries(given).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      );
      store = open(Object.fromEntries(known), lane.freshKeys());
    });
    afterAll(() => store?.close());
    holdSubjectStore(() => ({ store, redis: lane.redis }));
  },
);
