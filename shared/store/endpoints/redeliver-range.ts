import { listClientIds } from '../clients/describe-client.ts';
import { readOr } from '../redis/failure.ts';
import { passBy, passByWalk, type ReportPassedBy } from '../redis/pass-by.ts';
import { type RedeliveryDeps, type RestingStatus, redeliver } from './redeliver.ts';
import { mergeWalks, walkSortedSet } from './walk-sorted-set.ts';

export interface RedeliveryRange {
  /**
   * - `dead`: dead letters, by the time of their death
   * - `resting`: every event that is not under way, delivered ones included, by the time of submission
   */
  readonly events: 'dead' | 'resting';
  /** Everybody's when null. */
  readonly clientId: string | null;
  /** ms epoch, both inclusive */
  readonly since: number;
  readonly until: number;
}

export interface RedeliveryCounts {
  /** Verifications in the range. */
  readonly found: number;
  readonly redelivered: number;
  /** Left alone: their delivery is under way, or has come to something else meanwhile. */
  readonly notDue: number;
  /** Left alone: there is no event. */
  readonly unanswered: number;
  /** Expired, or erased. */
  readonly missing: number;
  /** Left alone: what Redis holds of them is of another type, or cannot be parsed. */
  readonly unreadable: number;
}

export interface RangeRedelivery {
  readonly counts: RedeliveryCounts;
  /** ms epoch: where to go on after an interruption; null when it went through. */
  readonly interruptedAt: number | null;
}

export interface RangeWatch {
  /** Aborting ends the walk between two events. */
  readonly signal: AbortSignal;
  readonly onProgress: (counts: RedeliveryCounts) => void;
  readonly report: ReportPassedBy;
}

/** Held in memory of each client's verifications. */
const PAGE_SIZE = 200;

/** How many there are to look at: an upper bound, for a progress bar. */
export async function countRange(deps: RedeliveryDeps, range: RedeliveryRange): Promise<number> {
  const indexes = await listIndexes(deps, range);
  const counts = await Promise.all(
    indexes.map(({ key }) => readOr(deps.redis.zcount(key, range.since, range.until), 0)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Redelivers every event of a range, oldest first, one after the other: their order is kept, and memory stays bounded.
 *
 * It can be interrupted anywhere and run again. Dead letters that were redelivered are no dead letters any more; of
 * `resting` events, those delivered meanwhile would be delivered once more, which `interruptedAt` spares.
 */
export async function redeliverRange(
  deps: RedeliveryDeps,
  range: RedeliveryRange,
  { signal, onProgress, report }: RangeWatch,
): Promise<RangeRedelivery> {
  const { redis, keys } = deps;
  const from: readonly RestingStatus[] | undefined = range.events === 'dead' ? ['dead'] : undefined;
  const counts = { found: 0, redelivered: 0, notDue: 0, unanswered: 0, missing: 0, unreadable: 0 };
  const scores = { min: range.since, max: range.until, pageSize: PAGE_SIZE };
  const walks = (await listIndexes(deps, range)).map(({ name, key }) =>
    passByWalk(name, report, walkSortedSet(redis, { key, ...scores })),
  );
  for await (const { member: id, score } of mergeWalks(walks)) {
    if (signal.aborted) return { counts, interruptedAt: score };
    if (range.events === 'dead' && range.clientId !== null) {
      // One that cannot be read is tried, and reported then: it may be this client's.
      const clientId = await readOr(redis.hget(keys.record(id), 'client'), range.clientId);
      if (clientId !== range.clientId) continue;
    }
    const redelivery = await passBy(id, report, () => redeliver(deps, id, from));
    counts.found += 1;
    counts[redelivery === undefined ? 'unreadable' : countedAs[redelivery.status]] += 1;
    onProgress(counts);
  }
  return { counts, interruptedAt: null };
}

const countedAs = {
  redelivered: 'redelivered',
  not_due: 'notDue',
  unanswered: 'unanswered',
  missing: 'missing',
} as const;

async function listIndexes(
  { redis, keys }: RedeliveryDeps,
  { events, clientId }: RedeliveryRange,
): Promise<readonly { readonly name: string; readonly key: string }[]> {
  if (events === 'dead') return [{ name: 'dead letters', key: keys.deadLetters() }];
  const clientIds = clientId === null ? await listClientIds(redis, keys) : [clientId];
  return clientIds.map((id) => ({ name: id, key: keys.clientIndex(id) }));
}
