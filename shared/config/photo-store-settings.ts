import { z } from 'zod';
import { type ObjectPlace, parseObjectPlace } from '../store/subjects/objects/object-location.ts';
import { areRead, report } from './cross-checks.ts';
import { duration, flag, secretText, storeEndpoint, wholeNumber } from './shapes.ts';

/** Redis, or a bucket. */
export type PhotoPlace = 'redis' | ObjectPlace;

/** Where sealed photos are kept. Producers and workers of a lane have the same. */
export const photoStoreSettings = {
  PHOTO_STORE: z.string().transform(readPlaces).prefault('redis').meta({
    description:
      'Where waiting photos are kept, sealed: `redis`, or `s3://bucket/prefix` at [an object store](photo-store.md). Several, separated by commas: the first takes new photos, the others are [read until they are empty](photo-store.md#another-store).',
    allowed: '`redis`, or one or more `s3://bucket/prefix`',
  }),
  PHOTO_STORE_ENDPOINT: storeEndpoint
    .optional()
    .describe(
      'Where the object store is, without the bucket. Unset, it is AWS. `http://` works for loopback and for internal hosts.',
    ),
  PHOTO_STORE_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be 1 to 64 lower-case letters, digits or hyphens')
    .default('us-east-1')
    .describe('The region that requests are signed for. Stores that know none take the default, or `auto`.'),
  PHOTO_STORE_PATH_STYLE: flag
    .default(false)
    .describe(
      'Puts the bucket into the path of the URL, as MinIO and most self-hosted stores want it, and not before the host.',
    ),
  PHOTO_STORE_ACCESS_KEY_ID: secretText
    .optional()
    .describe('The access key of [a user with these permissions](photo-store.md#permissions).'),
  PHOTO_STORE_SECRET_ACCESS_KEY: secretText.optional().describe('The secret that belongs to it.'),
  PHOTO_STORE_SESSION_TOKEN: secretText.optional().describe('The token of temporary credentials.'),
  PHOTO_STORE_TIMEOUT: duration({ min: '100ms', max: '60s' })
    .prefault('5s')
    .describe('How long one try at the object store may take. A request is tried 3 times.'),
  PHOTO_STORE_MAX_MIB: wholeNumber({ min: 4, max: 100_000 })
    .prefault('64')
    .describe('MiB of photos that one process has on their way to or from the object store. Others wait.'),
};

const shape = z.object(photoStoreSettings);
export type PhotoStoreSettings = z.output<typeof shape>;

function readPlaces(text: string, context: z.RefinementCtx<string>): readonly PhotoPlace[] {
  const words = text.split(',').map((word) => word.trim());
  const places = words.map((word): PhotoPlace | null => (word === 'redis' ? word : parseObjectPlace(word)));
  const known = places.filter((place) => place !== null);
  if (known.length < places.length) {
    context.addIssue({
      code: 'custom',
      message:
        'must be redis or s3://bucket/prefix, or several of them separated by commas; a prefix has letters, digits and . _ - /',
    });
  } else if (new Set(words).size < words.length) {
    context.addIssue({ code: 'custom', message: 'must name each store once' });
  }
  return known;
}

/** Credentials of which a part is missing, or an endpoint without a bucket, would be found out with the first photo. */
export function checkPhotoStore(settings: PhotoStoreSettings, context: z.RefinementCtx): void {
  if (!areRead(context, 'PHOTO_STORE')) return;
  const usesBucket = settings.PHOTO_STORE.some((place) => place !== 'redis');
  for (const variable of ['PHOTO_STORE_ACCESS_KEY_ID', 'PHOTO_STORE_SECRET_ACCESS_KEY'] as const) {
    if (usesBucket && areRead(context, variable) && settings[variable] === undefined) {
      report(context, variable, 'must be set when PHOTO_STORE names a bucket');
    }
  }
  if (
    !usesBucket &&
    areRead(context, 'PHOTO_STORE_ENDPOINT') &&
    settings.PHOTO_STORE_ENDPOINT !== undefined
  ) {
    report(context, 'PHOTO_STORE_ENDPOINT', 'must be unset unless PHOTO_STORE names a bucket');
  }
}
