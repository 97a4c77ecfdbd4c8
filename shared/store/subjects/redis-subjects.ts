import { joinPhoto, splitPhoto } from './photo-pieces.ts';
import type { SubjectStore } from './subject-store.ts';

/** Keeps subjects whole in their hash in Redis: the deletion of its key takes the ciphertext along. */
export const redisSubjects: SubjectStore = {
  put: async (_id, { fields, photo }) => ['fields', fields, ...splitPhoto(photo)],
  get: async (_id, hash) => {
    const { fields } = hash;
    const photo = joinPhoto(hash);
    return fields && photo ? { fields, photo } : null;
  },
  // The hash held it all, and the script has deleted that.
  delete: async () => undefined,
};
