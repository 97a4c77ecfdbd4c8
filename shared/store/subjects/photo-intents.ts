import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const expectScript = loadScript(new URL('../scripts/expect-photo.lua', import.meta.url));
const listScript = loadScript(new URL('../scripts/list-photos-to-delete.lua', import.meta.url));

export interface PhotoIntents {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}

/**
 * Notes a photo before it is put into the object store: whatever happens to this process, the photo is then either part of an
 * accepted verification, or is deleted.
 *
 * @param forMs how long its verification may be accepted
 */
export async function expectPhoto(
  { redis, keys }: PhotoIntents,
  photoAt: string,
  forMs: number,
): Promise<void> {
  await expectScript(redis, [keys.photosExpected()], [photoAt, forMs]);
}

/** @param offset how many to pass by, because they cannot be deleted now */
export async function listPhotosToDelete(
  { redis, keys }: PhotoIntents,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<string[]> {
  const keysOf = [keys.photosExpected(), keys.photosToDelete()];
  return (await listScript(redis, keysOf, [offset, limit])) as string[];
}

export async function forgetDeletedPhotos(
  { redis, keys }: PhotoIntents,
  photosAt: readonly string[],
): Promise<void> {
  if (photosAt.length > 0) await redis.zrem(keys.photosToDelete(), ...photosAt);
}

export interface PhotosToDelete {
  readonly count: number;
  /** ms epoch since when the first of them is due; null without any. */
  readonly since: number | null;
}

/** What the object store has that is of no use any more. */
export async function readPhotosToDelete({ redis, keys }: PhotoIntents): Promise<PhotosToDelete> {
  const [count, [, score]] = await Promise.all([
    redis.zcard(keys.photosToDelete()),
    redis.zrange(keys.photosToDelete(), '0', '0', 'WITHSCORES'),
  ]);
  return { count, since: score === undefined ? null : Number(score) };
}

/**
 * One worker deletes at a time.
 *
 * @returns what ends the turn early; null when it is another's
 */
export async function takeDeletionTurn(
  { redis, keys }: PhotoIntents,
  forMs: number,
): Promise<(() => Promise<void>) | null> {
  const token = randomUUID();
  const taken = await redis.set(keys.photosToDeleteTurn(), token, 'PX', forMs, 'NX');
  if (taken === null) return null;
  return async () => {
    // Another's turn may have begun meanwhile: two at a time delete the same photos twice, which does no harm.
    if ((await redis.get(keys.photosToDeleteTurn())) === token) await redis.del(keys.photosToDeleteTurn());
  };
}
