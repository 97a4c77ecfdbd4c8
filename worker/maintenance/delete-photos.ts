import type { Logger } from 'pino';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { PatientWrites } from '../../shared/store/redis/patient-writes.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import {
  forgetDeletedPhotos,
  listPhotosToDelete,
  takeDeletionTurn,
} from '../../shared/store/subjects/photo-intents.ts';
import { PhotoStoreUnavailable } from '../../shared/store/subjects/photo-store-state.ts';
import type { SubjectStore } from '../../shared/store/subjects/subject-store.ts';
import type { WorkerMetrics } from '../metrics.ts';

export interface DeletePhotosDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly subjects: Pick<SubjectStore, 'remove'>;
  readonly metrics: Pick<WorkerMetrics, 'photosDeleted'>;
  readonly writes: Pick<PatientWrites, 'note'>;
  readonly log: Logger;
}

/** A photo goes so soon after its outcome. */
const EVERY_MS = 1_000;
/** Where some could not be deleted: their store is away, or none that these settings name. */
const EVERY_WITH_LEFT_MS = 10_000;
/** As long as a page of photos may take; after it another worker begins. */
const TURN_MS = 60_000;
const PAGE = 100;
/** Requests at a time. */
const AT_ONCE = 16;
/** Passed by in one round: photos that cannot be deleted must not keep others waiting, and are not tried without end. */
const MOST_LEFT = 1_000;

/**
 * Deletes the photos outside Redis that are of no use any more: of verifications that ended, and of submissions that were not
 * accepted. The script that ended them has listed them, so that no photo is forgotten, whatever ended in between.
 */
export function startDeletingPhotos(deps: DeletePhotosDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const next = () => {
    running = deletePhotos(deps, stopping.signal)
      .catch((error: unknown) => {
        if (!deps.writes.note(error)) {
          deps.log.warn({ event: 'photo_deletion_failed', err: error }, 'photos could not be deleted');
        }
        return 0;
      })
      .then((left) => {
        if (stopping.signal.aborted) return;
        timer = setTimeout(next, left === 0 ? EVERY_MS : EVERY_WITH_LEFT_MS).unref();
      });
  };
  timer = setTimeout(next, EVERY_MS).unref();
  return {
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

/**
 * Deletes all that is due, page by page. What cannot be deleted stays listed.
 *
 * @returns how many that were
 */
async function deletePhotos(deps: DeletePhotosDeps, signal: AbortSignal): Promise<number> {
  // The cheap look first: where Redis keeps the photos, this is all that is ever done.
  if ((await listPhotosToDelete(deps, { offset: 0, limit: 1 })).length === 0) return 0;
  let left = 0;
  while (!signal.aborted && left < MOST_LEFT) {
    const endTurn = await takeDeletionTurn(deps, TURN_MS);
    if (endTurn === null) return left;
    try {
      const page = await listPhotosToDelete(deps, { offset: left, limit: PAGE });
      const failed = await deletePage(deps, page);
      left += failed;
      if (page.length < PAGE) return left;
    } finally {
      await endTurn();
    }
  }
  return left;
}

/** @returns how many could not be deleted */
async function deletePage(deps: DeletePhotosDeps, page: readonly string[]): Promise<number> {
  const { subjects, metrics, log } = deps;
  let failed = 0;
  let reason = '';
  for (let from = 0; from < page.length; from += AT_ONCE) {
    const some = page.slice(from, from + AT_ONCE);
    const results = await Promise.allSettled(some.map((photoAt) => subjects.remove(photoAt)));
    const deleted = some.filter((_, i) => results[i]?.status === 'fulfilled');
    await forgetDeletedPhotos(deps, deleted);
    metrics.photosDeleted.inc(deleted.length);
    failed += some.length - deleted.length;
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      if (!(result.reason instanceof PhotoStoreUnavailable)) throw result.reason;
      reason = result.reason.reason;
    }
  }
  if (failed > 0)
    log.debug({ event: 'photos_not_deleted', failed, reason }, 'photos stay until they can be deleted');
  return failed;
}
