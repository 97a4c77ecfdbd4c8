import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { typeidUnboxed } from 'typeid-js';
import { expect, it } from 'vitest';
import { MAX_PHOTO_BYTES } from '../../../../shared/contract/photo-limits.ts';
import { SEAL_OVERHEAD_BYTES } from '../../../../shared/sealing/aead.ts';
import type { SealedSubject } from '../../../../shared/sealing/seal.ts';
import {
  readSubject,
  type SubjectReading,
  type SubjectStore,
} from '../../../../shared/store/subjects/subject-store.ts';

export interface SubjectStoreUnderTest {
  readonly store: SubjectStore;
  readonly redis: Redis;
}

/** What pieces begin and end at, and the largest photo that a submission can bring, sealed. */
const PHOTO_BYTES = [0, 1, 32_761, 32_762, 32_763, 65_524, MAX_PHOTO_BYTES + SEAL_OVERHEAD_BYTES];

const makeSealed = (photoBytes: number): SealedSubject => ({
  wrappedKey: randomBytes(60),
  fields: randomBytes(120),
  photo: randomBytes(photoBytes),
});

/** Of every part: comparing megabytes byte by byte takes half a minute. */
const digestsOf = (sealed: SealedSubject) =>
  [sealed.wrappedKey, sealed.fields, sealed.photo].map((bytes) =>
    createHash('sha256').update(bytes).digest('hex'),
  );

const read = (sealed: SealedSubject) => ({ status: 'read', digests: digestsOf(sealed) });
const show = (reading: SubjectReading) =>
  reading.status === 'read' ? read(reading.sealed) : { status: reading.status };

/** What every {@link SubjectStore} keeps, whichever driver it is: call it within a `describe` of the driver. */
export function holdSubjectStore(underTest: () => SubjectStoreUnderTest): void {
  const hashOf = (id: string) => `subject-store:${id}`;

  /** As an acceptance does it: the store first, then its fields and the key in one step. */
  async function keep(id: string, { wrappedKey, ...ciphertext }: SealedSubject): Promise<void> {
    const { store, redis } = underTest();
    const fields = await store.put(id, ciphertext);
    await redis.hset(hashOf(id), 'key', wrappedKey, ...fields);
  }

  async function look(id: string) {
    const { store, redis } = underTest();
    return show(await readSubject(store, await redis.hgetallBuffer(hashOf(id))));
  }

  /** As the scripts do it. */
  const shred = (id: string) => underTest().redis.del(hashOf(id));

  it.each(PHOTO_BYTES)('a photo of %d bytes comes back byte by byte', async (bytes) => {
    const id = typeidUnboxed('ver');
    const sealed = makeSealed(bytes);
    await keep(id, sealed);
    expect(await look(id)).toEqual(read(sealed));
  });

  it('a subject that was never kept is gone', async () => {
    expect(await look(typeidUnboxed('ver'))).toEqual({ status: 'gone' });
  });

  it('a shredded subject is gone, whatever the store still has', async () => {
    const id = typeidUnboxed('ver');
    await keep(id, makeSealed(40_000));
    await shred(id);
    expect(await look(id)).toEqual({ status: 'gone' });
  });

  it('a subject that is kept again leaves the one that was accepted as it is', async () => {
    const id = typeidUnboxed('ver');
    const accepted = makeSealed(500);
    await keep(id, accepted);
    await underTest().store.put(id, makeSealed(70_000));
    expect(await look(id)).toEqual(read(accepted));
  });

  it('a submission that is repeated before it was accepted is read as it was accepted', async () => {
    const id = typeidUnboxed('ver');
    const sealed = makeSealed(500);
    await underTest().store.put(id, makeSealed(70_000));
    await keep(id, sealed);
    expect(await look(id)).toEqual(read(sealed));
  });

  it('a subject without its fields is incomplete', async () => {
    const id = typeidUnboxed('ver');
    await keep(id, makeSealed(500));
    await underTest().redis.hdel(hashOf(id), 'fields');
    expect(await look(id)).toEqual({ status: 'incomplete' });
  });

  it('a photo where no store of this process can look leaves its subject to wait', async () => {
    const id = typeidUnboxed('ver');
    await keep(id, makeSealed(500));
    await underTest().redis.hset(hashOf(id), 'photoAt', 's3://elsewhere/main/2026-03-02/x/y');
    expect(await look(id)).toEqual({ status: 'unavailable' });
  });

  it('a store that answers is ready', async () => {
    expect(await underTest().store.check()).toEqual({ status: 'ready' });
    expect(await underTest().store.state()).toEqual({ status: 'ready' });
  });

  it('subjects that are kept at the same time do not mix', async () => {
    const subjects = Array.from({ length: 8 }, (_, i) => ({
      id: typeidUnboxed('ver'),
      sealed: makeSealed(10_000 * i),
    }));
    await Promise.all(subjects.map(({ id, sealed }) => keep(id, sealed)));
    const found = await Promise.all(subjects.map(({ id }) => look(id)));
    expect(found).toEqual(subjects.map(({ sealed }) => read(sealed)));
  });
}
