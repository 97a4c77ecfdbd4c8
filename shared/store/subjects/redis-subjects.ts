import { joinPhoto, splitPhoto } from './photo-pieces.ts';
import { PhotoStoreUnavailable } from './photo-store-state.ts';
import type { SubjectStore } from './subject-store.ts';

/** Of a store that these settings do not name: when to look again, in ms. */
const LOOK_AGAIN_MS = 2_000;

/** Keeps subjects whole in their hash in Redis: the deletion of its key takes the ciphertext along. */
export const redisSubjects: SubjectStore = {
  put: async (_id, { fields, photo }) => ['fields', fields, ...splitPhoto(photo)],
  get: async (hash) => {
    const { fields, photoAt } = hash;
    // An operator may still say where it is. To answer now would fail a verification that can be made.
    if (photoAt !== undefined) throw unknownStore();
    const photo = joinPhoto(hash);
    return fields && photo ? { fields, photo } : null;
  },
  remove: async () => {
    throw unknownStore();
  },
  state: async () => ({ status: 'ready' }),
  check: async () => ({ status: 'ready' }),
  uploads: null,
  close: async () => undefined,
};

/** A photo lies in a bucket that PHOTO_STORE of this process does not name. */
export function unknownStore(): PhotoStoreUnavailable {
  const reason = 'PHOTO_STORE does not name its bucket';
  return new PhotoStoreUnavailable(reason, Date.now() + LOOK_AGAIN_MS, 'unknown_store');
}
