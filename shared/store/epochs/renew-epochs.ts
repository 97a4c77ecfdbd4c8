import type { Redis } from 'ioredis';
import { isDueForRenewal, openFromEpoch, readEpoch, wrapInEpoch } from '../../sealing/epoch-wrap.ts';
import type { StoreKeys } from '../keys.ts';
import { passBy, type ReportPassedBy } from '../redis/pass-by.ts';
import { loadScript } from '../redis/script.ts';
import type { EpochKeys } from './epoch-keys.ts';

const replaceKeyScript = loadScript(new URL('../scripts/replace-data-key.lua', import.meta.url));

/** Verifications looked at in one round trip. */
const PAGE_SIZE = 500;

export interface RenewalDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly epochs: EpochKeys;
  /** ms epoch */
  readonly now: () => number;
  readonly report: ReportPassedBy;
}

/**
 * Wraps in the present epoch what waits under an older one. It needs no sealing key, and several processes may do it at once.
 *
 * @returns how many were wrapped again
 */
export async function renewEpochs({ redis, keys, epochs, now, report }: RenewalDeps): Promise<number> {
  let renewed = 0;
  let cursor = '0';
  const renewOne = async (id: string): Promise<boolean> => {
    const wrapped = await redis.hgetBuffer(keys.subject(id), 'key');
    const epoch = wrapped === null ? null : readEpoch(wrapped);
    if (wrapped === null || epoch === null || !isDueForRenewal(epoch, now())) return false;
    const key = await epochs.find(epoch);
    const opening = key && openFromEpoch(key, id, wrapped);
    if (opening?.status !== 'opened') {
      report(id, 'the key of its epoch is lost');
      return false;
    }
    const again = wrapInEpoch(await epochs.current(), id, opening.bytes);
    return (await replaceKeyScript(redis, [keys.subject(id)], [wrapped, again])) === 1;
  };
  do {
    const [next, entries] = await redis.zscan(keys.unfinishedIndex(), cursor, 'COUNT', PAGE_SIZE);
    cursor = next;
    const ids = entries.filter((_, i) => i % 2 === 0);
    const results = await Promise.all(ids.map((id) => passBy(id, report, () => renewOne(id))));
    renewed += results.filter((done) => done === true).length;
  } while (cursor !== '0');
  return renewed;
}
