import type { z } from 'zod';
import type { listQuery } from '../../shared/contract/submission.ts';
import type { VerificationPage } from '../../shared/contract/verification.ts';
import { isSilentlyDeferred } from '../../shared/store/verifications/person-deferral.ts';
import { readRecords } from '../../shared/store/verifications/read.ts';
import { searchVerifications } from '../../shared/store/verifications/search.ts';
import type { LaneView } from '../lane-view.ts';
import { decodeCursor, encodeCursor } from '../routes/cursor.ts';
import { presentNow, readPositions, readSurroundings } from '../waiting.ts';
import { logUnreadable, type OwnVerificationDeps } from './own-verification.ts';

interface ListDeps extends OwnVerificationDeps {
  readonly lane: LaneView;
  /** ms epoch */
  readonly now: () => number;
}

/**
 * A client's verifications that fit the query, newest first.
 *
 * @throws {ProblemError} invalid_query for a cursor that is none
 */
export async function listVerifications(
  { redis, keys, lane, log, now }: ListDeps,
  clientId: string,
  { cursor, status: shownStatus, ...filters }: z.output<typeof listQuery>,
): Promise<VerificationPage> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const surroundings = await readSurroundings({ redis, keys, lane }, clientId);
  const { lane: overview } = surroundings;
  const status = shownStatus === 'held' ? 'queued' : shownStatus;
  // `held` is how a queued verification shows while its lane is held: one of the two lists is empty at any time.
  const isOtherView =
    (shownStatus === 'held' && overview.status !== 'held') ||
    (shownStatus === 'queued' && overview.status === 'held');
  if (isOtherView) return { data: [], nextCursor: null };
  const { ids, next } = await searchVerifications(redis, keys, { ...filters, clientId, status, after });
  const [readings, positions] = await Promise.all([
    readRecords(redis, keys, ids),
    readPositions(redis, keys, ids),
  ]);
  const data = readings.flatMap((reading, i) => {
    if (reading.status === 'unreadable') logUnreadable(log, reading.fields, ids[i] ?? '');
    // One that an earlier version stored as deferred shows as queued, and so is not in the list of the deferred.
    if (reading.status === 'found' && status === 'deferred' && isSilentlyDeferred(reading.record)) return [];
    return reading.status === 'found'
      ? [presentNow(reading.record, positions[i] ?? null, surroundings, now())]
      : [];
  });
  return { data, nextCursor: next && encodeCursor(next) };
}
