import type { Redis } from 'ioredis';
import { isDueForRenewal, openFromEpoch, readEpoch, wrapInEpoch } from '../../sealing/epoch-wrap.ts';
import type { StoreKeys } from '../keys.ts';
import { passBy, type ReportPassedBy } from '../redis/pass-by.ts';
import { readDataKey, replaceDataKey, walkUnfinished } from '../verifications/waiting-data-keys.ts';
import type { EpochKeys } from './epoch-keys.ts';

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
  const renewOne = async (id: string): Promise<boolean> => {
    const wrapped = await readDataKey(redis, keys, id);
    const epoch = wrapped === null ? null : readEpoch(wrapped);
    if (wrapped === null || epoch === null || !isDueForRenewal(epoch, now())) return false;
    const key = await epochs.find(epoch);
    const opening = key && openFromEpoch(key, id, wrapped);
    if (opening?.status !== 'opened') {
      report(id, 'the key of its epoch is lost');
      return false;
    }
    const again = wrapInEpoch(await epochs.current(), id, opening.bytes);
    return replaceDataKey(redis, keys, id, { before: wrapped, after: again });
  };
  for await (const ids of walkUnfinished(redis, keys)) {
    const results = await Promise.all(ids.map((id) => passBy(id, report, () => renewOne(id))));
    renewed += results.filter((done) => done === true).length;
  }
  return renewed;
}
