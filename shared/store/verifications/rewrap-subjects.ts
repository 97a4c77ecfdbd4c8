import type { Redis } from 'ioredis';
import { openFromEpoch, readEpoch, wrapInEpoch } from '../../sealing/epoch-wrap.ts';
import type { KeyRing } from '../../sealing/key-ring.ts';
import { type Rewrapping, rewrap } from '../../sealing/seal.ts';
import type { EpochKeys } from '../epochs/epoch-keys.ts';
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

export interface RewrapDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly keyRing: KeyRing;
  /** Null: what an epoch has wrapped is counted as unreadable. */
  readonly epochs: EpochKeys | null;
}

/**
 * Wraps the data key of every waiting subject again, with the newest key of the ring; fields and photo stay as they are.
 * Doing it again does no more. What is accepted meanwhile counts on the producers knowing the newest key already.
 *
 * @param onProgress after each page
 */
export async function rewrapSubjects(
  deps: RewrapDeps,
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
  const { redis, keys } = deps;
  const counts = { seen: 0, rewrapped: 0, current: 0, unreadable: 0 };
  for await (const ids of walkUnfinished(redis, keys)) {
    const results = await Promise.all(
      ids.map(async (id) => {
        const result = await passBy(id, report, () => rewrapOne(deps, id));
        if (result === 'unreadable') report(id, 'these keys do not open it');
        if (result === 'no_epoch_store') report(id, 'EPOCH_KEYS_REDIS_URL is not set, and an epoch wraps it');
        return result === 'no_epoch_store' ? 'unreadable' : (result ?? 'unreadable');
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
  { redis, keys, keyRing, epochs }: RewrapDeps,
  id: string,
): Promise<'rewrapped' | 'current' | 'unreadable' | 'no_epoch_store' | 'gone'> {
  const wrappedKey = await readDataKey(redis, keys, id);
  if (wrappedKey === null) return 'gone';
  const epoch = readEpoch(wrappedKey);
  if (epoch !== null && epochs === null) return 'no_epoch_store';
  const result =
    epoch === null || epochs === null
      ? rewrap(keyRing, id, wrappedKey)
      : await rewrapInEpoch(keyRing, epochs, { id, epoch, wrappedKey });
  if (result.status !== 'rewrapped') return result.status;
  const change = { before: wrappedKey, after: result.wrappedKey };
  return (await replaceDataKey(redis, keys, id, change)) ? 'rewrapped' : 'gone';
}

/** Within its epoch: a worker, not this command, decides how long it may stay there. */
async function rewrapInEpoch(
  keyRing: KeyRing,
  epochs: EpochKeys,
  { id, epoch, wrappedKey }: { readonly id: string; readonly epoch: number; readonly wrappedKey: Buffer },
): Promise<Rewrapping> {
  const key = await epochs.find(epoch);
  if (key === null) return { status: 'unreadable', reason: 'unknown_key' };
  const opening = openFromEpoch(key, id, wrappedKey);
  if (opening.status === 'unreadable') return opening;
  const result = rewrap(keyRing, id, opening.bytes);
  if (result.status !== 'rewrapped') return result;
  return { status: 'rewrapped', wrappedKey: wrapInEpoch(key, id, result.wrappedKey) };
}
