import type { Redis } from 'ioredis';
import type { KeyRing } from '../../sealing/key-ring.ts';
import { rewrap } from '../../sealing/seal.ts';
import type { StoreKeys } from '../keys.ts';
import { passBy, type ReportPassedBy } from '../redis/pass-by.ts';
import { readDataKey, replaceDataKey, walkUnfinished } from './waiting-data-keys.ts';

export interface RewrapCounts {
  /** Verifications looked at, final ones included. */
  readonly seen: number;
  readonly rewrapped: number;
  /** The newest key wrapped them already. */
  readonly current: number;
  /** The ring opens them no more, or they are damaged. */
  readonly unreadable: number;
}

/**
 * Wraps the data key of every waiting subject again, with the newest key of the ring; fields and photo stay as they are.
 * Doing it again does no more. What is accepted meanwhile counts on the producers knowing the newest key already.
 *
 * @param onProgress after each page
 */
export async function rewrapSubjects(
  { redis, keys, keyRing }: { readonly redis: Redis; readonly keys: StoreKeys; readonly keyRing: KeyRing },
  {
    signal,
    onProgress,
    report,
  }: {
    readonly signal: AbortSignal;
    readonly onProgress: (counts: RewrapCounts) => void;
    readonly report: ReportPassedBy;
  },
): Promise<RewrapCounts> {
  const counts = { seen: 0, rewrapped: 0, current: 0, unreadable: 0 };
  for await (const ids of walkUnfinished(redis, keys)) {
    const results = await Promise.all(
      ids.map(async (id) => {
        const result = await passBy(id, report, () => rewrapOne(redis, keys, keyRing, id));
        if (result === 'unreadable') report(id, 'these keys do not open it');
        return result ?? 'unreadable';
      }),
    );
    counts.seen += ids.length;
    for (const result of results) if (result !== 'gone') counts[result] += 1;
    onProgress(counts);
    if (signal.aborted) break;
  }
  return counts;
}

async function rewrapOne(
  redis: Redis,
  keys: StoreKeys,
  keyRing: KeyRing,
  id: string,
): Promise<'rewrapped' | 'current' | 'unreadable' | 'gone'> {
  const wrappedKey = await readDataKey(redis, keys, id);
  if (wrappedKey === null) return 'gone';
  const result = rewrap(keyRing, id, wrappedKey);
  if (result.status !== 'rewrapped') return result.status;
  const change = { before: wrappedKey, after: result.wrappedKey };
  return (await replaceDataKey(redis, keys, id, change)) ? 'rewrapped' : 'gone';
}
