import { randomBytes } from 'node:crypto';
import { typeidUnboxed } from 'typeid-js';
import { chinaDay } from '../../../china-time.ts';
import { MAX_PHOTO_BYTES } from '../../../contract/photo-limits.ts';
import { loadScript } from '../../redis/script.ts';
import { expectPhoto } from '../photo-intents.ts';
import type { PhotoUploads, TakenUpload } from '../photo-uploads.ts';
import { nameWithin, spellLocation } from './object-location.ts';
import type { ObjectSubjectsDeps } from './object-subjects-deps.ts';

const takeScript = loadScript(new URL('../../scripts/take-upload.lua', import.meta.url));

const LIFETIME_MS = 15 * 60_000;
/** A submission that has taken it in its last moment still reads it. */
const GRACE_MS = 60_000;
const RANDOM_BYTES = 12;

/**
 * Uploads of clients into the bucket itself. Such a photo is not sealed until its submission: it lies there as its client sent it,
 * for {@link LIFETIME_MS} at most, and its name is known to its client alone.
 */
export function createUploads(deps: ObjectSubjectsDeps): PhotoUploads {
  const { redis, keys, objects, place, watch, budget, now } = deps;
  return {
    create: async (clientId, { bytes, contentType }) => {
      const photoId = typeidUnboxed('pho');
      const random = randomBytes(RANDOM_BYTES).toString('hex');
      const name = `${place.prefix}${keys.lane}/${chinaDay(now())}/${photoId}/${random}`;
      const photoAt = spellLocation({ bucket: place.bucket, name });
      const expiresAt = now() + LIFETIME_MS;
      const presigned = await objects.presignPut(name, { bytes, contentType, seconds: LIFETIME_MS / 1000 });
      // Before the client can send a byte.
      await expectPhoto(deps, photoAt, LIFETIME_MS + GRACE_MS);
      const key = keys.upload(photoId);
      await redis.multi().hset(key, { client: clientId, photoAt }).pexpire(key, LIFETIME_MS).exec();
      return { photoId, ...presigned, expiresAt };
    },
    take: async (clientId, photoId) => {
      const key = keys.upload(photoId);
      const [photoAt, left] = (await takeScript(redis, [key], [clientId])) as string[];
      const name = photoAt === undefined ? null : nameWithin(place, photoAt);
      if (photoAt === undefined || name === null) return null;
      const taken: TakenUpload = {
        read: () =>
          budget.run(MAX_PHOTO_BYTES, () => watch.run(() => objects.get(name, MAX_PHOTO_BYTES + 1))),
        finish: async () => {
          // It is sealed elsewhere now.
          await redis
            .multi()
            .zrem(keys.photosExpected(), photoAt)
            .zadd(keys.photosToDelete(), now(), photoAt)
            .exec();
        },
        giveBack: async () => {
          await redis.multi().hset(key, { client: clientId, photoAt }).pexpire(key, Number(left)).exec();
        },
      };
      return taken;
    },
  };
}
