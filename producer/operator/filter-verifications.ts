import type { ConsoleFilteredPage, ConsoleListQuery } from '../../shared/contract/console.ts';
import type { StoredStatus } from '../../shared/contract/verification-status.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import { decodeCursor, encodeCursor } from '../routes/cursor.ts';
import { type CallbackOrigins, createCallbackOrigins } from './callback-origins.ts';
import { type FindDeps, presentLine } from './find-verifications.ts';
import { scanIndex } from './scan-index.ts';

/**
 * Records that one request compares. No index knows codes, verdicts and endpoints; what has not been found by then is
 * looked for by the next request, which the page makes when its reader asks for more.
 */
export const COMPARED_PER_REQUEST = 2_000;

type Line = ReturnType<typeof presentLine>;

/** Verifications that fit a filter, newest first. Client, status and time are looked up in an index where there is one. */
export async function filterVerifications(
  deps: FindDeps,
  query: ConsoleListQuery,
): Promise<ConsoleFilteredPage> {
  const lane = await deps.lane.read();
  const origins = createCallbackOrigins(deps);
  const { found, next, compared } = await scanIndex(deps, {
    index: chooseIndex(deps, query),
    after: query.cursor === undefined ? null : decodeCursor(query.cursor),
    from: query.from,
    before: query.before,
    limit: query.limit,
    most: isFiltered(query) ? COMPARED_PER_REQUEST : query.limit,
    present: async (record) => {
      const line = presentLine(record, lane);
      return (await fits(line, record, query, origins)) ? line : null;
    },
  });
  return {
    data: found,
    nextCursor: next && encodeCursor(next),
    searched: compared,
    searchedBack: next && new Date(next.submittedAt).toISOString(),
  };
}

function isFiltered({ status, delivery, code, client, origin }: ConsoleListQuery): boolean {
  return [status, delivery, code, client, origin].some((value) => value !== undefined);
}

const unfinished: readonly string[] = ['queued', 'held', 'verifying', 'retrying', 'deferred'];
const stored: readonly string[] = [
  'queued',
  'verifying',
  'retrying',
  'deferred',
  'completed',
  'failed',
  'cancelled',
];

/** The smallest that holds all that is looked for. */
function chooseIndex({ keys }: FindDeps, { client, status }: ConsoleListQuery): string {
  const kept = status === 'held' ? 'queued' : status;
  if (client !== undefined) {
    // What an earlier version stored as deferred is shown as another status, so that is looked for among all.
    return kept !== undefined && stored.includes(kept) && kept !== 'deferred' && kept !== 'queued'
      ? keys.clientStatusIndex(client, kept as StoredStatus)
      : keys.clientIndex(client);
  }
  return kept !== undefined && unfinished.includes(kept) ? keys.unfinishedIndex() : keys.allIndex();
}

async function fits(
  line: Line,
  record: VerificationRecord,
  { status, delivery, code, origin, client }: ConsoleListQuery,
  origins: CallbackOrigins,
): Promise<boolean> {
  if (client !== undefined && line.clientId !== client) return false;
  if (status !== undefined && line.status !== status && line.verdict !== status) return false;
  if (delivery !== undefined && line.delivery !== delivery) return false;
  if (code !== undefined && line.code !== code) return false;
  return origin === undefined || ((await origins.find(record)) ?? 'none') === origin;
}
