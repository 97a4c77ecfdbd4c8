import type { Redis } from 'ioredis';
import type { KeyRing } from '../../sealing/key-ring.ts';
import { rewrap } from '../../sealing/seal.ts';
import type { StoreKeys } from '../keys.ts';
import { passBy, type ReportPassedBy } from '../redis/pass-by.ts';
import { loadScript } from '../redis/script.ts';

const replaceKeyScript = loadScript(new URL('../scripts/replace-data-key.lua', import.meta.url));

export interface RewrapCounts {
  /** Verifications looked at, final ones included. */
  readonly seen: number;
  readonly rewrapped: number;
  /** The newest key wrapped them already. */
  readonly current: number;
  /** The ring opens them no more, or they are damaged. */
  readonly unreadable: number;
}

/** Verifications looked at in one round trip. */
const PAGE_SIZE = 500;

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
  let cursor = '0';
  do {
    const [next, entries] = await redis.zscan(keys.unfinishedIndex(), cursor, 'COUNT', PAGE_SIZE);
    cursor = next;
    const ids = entries.filter((_, i) => i % 2 === 0);
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
  } while (cursor !== '0' && !signal.aborted);
  return counts;
}

async function rewrapOne(
  redis: Redis,
  keys: StoreKeys,
  keyRing: KeyRing,
  id: string,
): Promise<'rewrapped' | 'current' | 'unreadable' | 'gone'> {
  const wrappedKey = await redis.hgetBuffer(keys.subject(id), 'key');
  if (wrappedKey === null) return 'gone';
  const result = rewrap(keyRing, id, wrappedKey);
  if (result.status !== 'rewrapped') return result.status;
  const replaced = await replaceKeyScript(redis, [keys.subject(id)], [wrappedKey, result.wrappedKey]);
  return replaced === 1 ? 'rewrapped' : 'gone';
}
