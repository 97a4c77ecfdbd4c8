import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { typeidUnboxed } from 'typeid-js';
import { expect, it } from 'vitest';
import type { SealedSubject } from '../../../../shared/sealing/seal.ts';
import { readSubject, type SubjectStore } from '../../../../shared/store/subjects/subject-store.ts';

export interface SubjectStoreUnderTest {
  readonly store: SubjectStore;
  readonly redis: Redis;
}

/** A photo of the limit of the submission, and what its pieces begin and end at. */
const PHOTO_BYTES = [0, 1, 32_761, 32_762, 32_763, 65_524, 3_000_000];

const makeSealed = (photoBytes: number): SealedSubject => ({
  wrappedKey: randomBytes(60),
  fields: randomBytes(120),
  photo: randomBytes(photoBytes),
});

/** Of every part: comparing megabytes byte by byte takes half a minute. */
const digestsOf = (sealed: SealedSubject | null) =>
  sealed &&
  [sealed.wrappedKey, sealed.fields, sealed.photo].map((bytes) =>
    createHash('sha256').update(bytes).digest('hex'),
  );

/** What every {@link SubjectStore} keeps, whichever driver it is: call it within a `describe` of the driver. */
export function holdSubjectStore(underTest: () => SubjectStoreUnderTest): void {
  const hashOf = (id: string) => `subject-store:${id}`;

  /** As an acceptance does it: the store first, then its fields and the key in one step. */
  async function keep(id: string, { wrappedKey, ...ciphertext }: SealedSubject): Promise<void> {
    const { store, redis } = underTest();
    const fields = await store.put(id, ciphertext);
    await redis.hset(hashOf(id), 'key', wrappedKey, ...fields);
  }

  async function read(id: string): Promise<SealedSubject | null> {
    const { store, redis } = underTest();
    return readSubject(store, id, await redis.hgetallBuffer(hashOf(id)));
  }

  /** As the scripts do it. */
  const shred = (id: string) => underTest().redis.del(hashOf(id));

  it.each(PHOTO_BYTES)('a photo of %d bytes comes back byte by byte', async (bytes) => {
    const id = typeidUnboxed('ver');
    const sealed = makeSealed(bytes);
    await keep(id, sealed);
    expect(digestsOf(await read(id))).toEqual(digestsOf(sealed));
  });

  it('a subject that was never kept is null', async () => {
    expect(await read(typeidUnboxed('ver'))).toBeNull();
  });

  it('a shredded subject is null, and stays so after the store has deleted it, twice', async () => {
    const id = typeidUnboxed('ver');
    await keep(id, makeSealed(40_000));
    await shred(id);
    expect(await read(id)).toBeNull();
    await underTest().store.delete(id);
    await underTest().store.delete(id);
    expect(await read(id)).toBeNull();
  });

  it('a deletion leaves every other subject as it is', async () => {
    const [gone, kept] = [typeidUnboxed('ver'), typeidUnboxed('ver')];
    const sealed = makeSealed(40_000);
    await keep(gone, makeSealed(40_000));
    await keep(kept, sealed);
    await shred(gone);
    await underTest().store.delete(gone);
    expect(digestsOf(await read(kept))).toEqual(digestsOf(sealed));
  });

  it('a submission that is repeated before it was accepted replaces what was kept', async () => {
    const id = typeidUnboxed('ver');
    const sealed = makeSealed(500);
    await underTest().store.put(id, makeSealed(70_000));
    await keep(id, sealed);
    expect(digestsOf(await read(id))).toEqual(digestsOf(sealed));
  });

  it('subjects that are kept at the same time do not mix', async () => {
    const subjects = Array.from({ length: 8 }, (_, i) => ({
      id: typeidUnboxed('ver'),
      sealed: makeSealed(10_000 * i),
    }));
    await Promise.all(subjects.map(({ id, sealed }) => keep(id, sealed)));
    const found = await Promise.all(subjects.map(({ id }) => read(id)));
    expect(found.map(digestsOf)).toEqual(subjects.map(({ sealed }) => digestsOf(sealed)));
  });
}
