import type { PhotoStoreSettings } from '../../config/photo-store-settings.ts';
import { createByteBudget } from './objects/byte-budget.ts';
import type { ObjectPlace } from './objects/object-location.ts';
import { createObjectSubjects } from './objects/object-subjects.ts';
import { openS3Objects, type S3Options, type S3Try } from './objects/s3-objects.ts';
import { createStoreWatch, type StoreWatchDeps } from './objects/store-watch.ts';
import type { PhotoIntents } from './photo-intents.ts';
import type { PhotoStoreState } from './photo-store-state.ts';
import { redisSubjects, unknownStore } from './redis-subjects.ts';
import type { SubjectStore } from './subject-store.ts';

export interface OpenSubjectsDeps extends PhotoIntents {
  /** Producers write photos and workers read them: what a store is asked to find out whether it is back. */
  readonly role: 'writes' | 'reads';
  readonly log: StoreWatchDeps['log'];
  readonly onTry?: (made: S3Try) => void;
  /** ms epoch */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

type ObjectSubjects = ReturnType<typeof createObjectSubjects>;

/**
 * The stores that PHOTO_STORE names, as one: new photos go to the first, and each photo is read and deleted where it lies. So
 * a deployment can move to another store, and back, with work waiting.
 */
export function openSubjects(settings: PhotoStoreSettings, deps: OpenSubjectsDeps): SubjectStore {
  const places = settings.PHOTO_STORE;
  const buckets = places.flatMap((place) => (place === 'redis' ? [] : [openPlace(settings, place, deps)]));
  if (buckets.length === 0) return redisSubjects;
  const first = places[0] === 'redis' ? redisSubjects : (buckets[0] ?? redisSubjects);
  const holding = (photoAt: string): ObjectSubjects => {
    const bucket = buckets.find(({ has }) => has(photoAt));
    if (bucket === undefined) throw unknownStore();
    return bucket;
  };
  const used = deps.role === 'writes' ? [first] : buckets;
  return {
    put: first.put,
    uploads: first.uploads,
    get: (hash) =>
      hash['photoAt'] === undefined
        ? redisSubjects.get(hash)
        : callAsync(() => holding(String(hash['photoAt'])).get(hash)),
    remove: (photoAt) => callAsync(() => holding(photoAt).remove(photoAt)),
    state: () => firstThatIsAway(used.map((store) => store.state())),
    check: () => firstThatIsAway(used.map((store) => store.check())),
    close: async () => {
      await Promise.all(buckets.map((bucket) => bucket.close()));
    },
  };
}

/** What is thrown on the way becomes a rejection. */
async function callAsync<T>(call: () => Promise<T>): Promise<T> {
  return call();
}

async function firstThatIsAway(asked: readonly Promise<PhotoStoreState>[]): Promise<PhotoStoreState> {
  const states = await Promise.all(asked);
  return states.find(({ status }) => status === 'away') ?? { status: 'ready' };
}

/** An object of no photo: a producer writes it, a worker looks for it. */
const CHECK_OBJECT = 'check';
const CHECK_BYTES = 16;

function openPlace(settings: PhotoStoreSettings, place: ObjectPlace, deps: OpenSubjectsDeps): ObjectSubjects {
  const { role, log, now, keys } = deps;
  const objects = openS3Objects(s3Options(settings, place, deps));
  const name = `${place.prefix}${keys.lane}/${CHECK_OBJECT}`;
  const check = () =>
    role === 'writes' ? objects.put(name, Buffer.alloc(CHECK_BYTES)) : objects.get(name, CHECK_BYTES);
  return createObjectSubjects({
    ...deps,
    objects,
    place,
    watch: createStoreWatch({ check, log, now }),
    budget: createByteBudget(settings.PHOTO_STORE_MAX_MIB * 1024 * 1024),
  });
}

function s3Options(
  settings: PhotoStoreSettings,
  { bucket }: ObjectPlace,
  { onTry, random }: Pick<OpenSubjectsDeps, 'onTry' | 'random'>,
): S3Options {
  const region = settings.PHOTO_STORE_REGION;
  return {
    bucket,
    region,
    endpoint: settings.PHOTO_STORE_ENDPOINT ?? `https://s3.${region}.amazonaws.com`,
    pathStyle: settings.PHOTO_STORE_PATH_STYLE,
    credentials: {
      // The settings hold that both are set where a bucket is named.
      accessKeyId: settings.PHOTO_STORE_ACCESS_KEY_ID ?? '',
      secretAccessKey: settings.PHOTO_STORE_SECRET_ACCESS_KEY ?? '',
      sessionToken: settings.PHOTO_STORE_SESSION_TOKEN,
    },
    timeoutMs: settings.PHOTO_STORE_TIMEOUT,
    random,
    ...(onTry === undefined ? {} : { onTry }),
  };
}
