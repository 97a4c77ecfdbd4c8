import { randomBytes } from 'node:crypto';
import { chinaDay } from '../../../china-time.ts';
import { MAX_PHOTO_BYTES } from '../../../contract/photo-limits.ts';
import { SEAL_OVERHEAD_BYTES } from '../../../sealing/aead.ts';
import { expectPhoto } from '../photo-intents.ts';
import { PhotoStoreUnavailable } from '../photo-store-state.ts';
import type { SubjectStore } from '../subject-store.ts';
import { nameWithin, spellLocation } from './object-location.ts';
import { ObjectStoreFailure } from './object-store.ts';
import type { ObjectSubjectsDeps } from './object-subjects-deps.ts';
import { createUploads } from './uploads.ts';

/** A submission is accepted or refused within seconds of its photo. */
const EXPECTED_FOR_MS = 10 * 60_000;

/** The largest that a submission can bring, and one more: an object that has it is none of ours. */
const MOST_BYTES = MAX_PHOTO_BYTES + SEAL_OVERHEAD_BYTES + 1;

/** Where an object lies that these settings may not touch. */
export type IsWithin = (photoAt: string) => boolean;

/**
 * Keeps sealed photos as objects `<prefix><namespace>/<day>/<id>/<random>`. The random part lets a repeat under its
 * Idempotency-Key, which has the same id and a new data key, never write over the photo that was accepted.
 */
export function createObjectSubjects(deps: ObjectSubjectsDeps): SubjectStore & { readonly has: IsWithin } {
  const { objects, place, watch, budget } = deps;
  const has = (photoAt: string) => nameWithin(place, photoAt) !== null;
  const nameOf = (photoAt: string): string => {
    const name = nameWithin(place, photoAt);
    if (name === null) throw new RangeError('A photo must lie in the place that it is read from');
    return name;
  };
  return {
    has,
    put: async (id, { fields, photo }) => {
      const name = makeName(deps, id);
      const photoAt = spellLocation({ bucket: place.bucket, name });
      await budget.run(photo.length, () =>
        watch.run(async () => {
          await expectPhoto(deps, photoAt, EXPECTED_FOR_MS);
          await objects.put(name, photo);
        }),
      );
      return ['photoAt', photoAt, 'fields', fields];
    },
    get: async ({ fields, photoAt }) => {
      if (!fields || !photoAt) return null;
      const name = nameOf(photoAt.toString());
      const photo = await budget.run(MOST_BYTES, () => watch.run(() => objects.get(name, MOST_BYTES)));
      return photo && { fields, photo };
    },
    remove: async (photoAt) => {
      const name = nameOf(photoAt);
      // That nothing may be deleted here says nothing about reading: claims go on.
      const refusal = await watch.run(() =>
        objects.delete(name).then(
          () => null,
          (error: unknown) => {
            if (error instanceof ObjectStoreFailure && error.kind === 'refused') return error;
            throw error;
          },
        ),
      );
      if (refusal !== null) throw new PhotoStoreUnavailable(refusal.reason, deps.now());
    },
    state: watch.state,
    check: watch.check,
    uploads: createUploads(deps),
    close: () => objects.close(),
  };
}

const RANDOM_BYTES = 12;

function makeName({ place, keys, now }: ObjectSubjectsDeps, id: string): string {
  return `${place.prefix}${keys.lane}/${chinaDay(now())}/${id}/${randomBytes(RANDOM_BYTES).toString('hex')}`;
}
