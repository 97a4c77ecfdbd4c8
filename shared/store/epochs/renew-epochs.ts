import type { Redis } from 'ioredis';
import { isDueForRenewal, openFromEpoch, readEpoch, wrapInEpoch } from '../../sealing/epoch-wrap.ts';
import type { StoreKeys } from '../keys.ts';
import { passBy } from '../redis/pass-by.ts';
import { readDataKey, replaceDataKey, walkUnfinished } from '../verifications/waiting-data-keys.ts';
import type { EpochKeys } from './epoch-keys.ts';

export interface RenewalDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly epochs: EpochKeys;
}

/** What one look at all that waits came to. The ids of thousands say no more than one, and would be reported each minute. */
export interface RenewalRound {
  readonly renewed: number;
  /** What nothing opens any more. */
  readonly lost: readonly string[];
  /** What could not be read, and was passed by. */
  readonly passedBy: readonly { readonly id: string; readonly reason: string }[];
}

type Renewal = 'renewed' | 'lost' | 'not_due';

/**
 * Wraps in the present epoch what waits under an older one. It needs no sealing key, and several processes may do it at once.
 *
 * @throws errors of both Redis
 */
export async function renewEpochs(deps: RenewalDeps): Promise<RenewalRound> {
  const { redis, keys } = deps;
  let renewed = 0;
  const lost = new Set<string>();
  const passedBy = new Map<string, string>();
  for await (const ids of walkUnfinished(redis, keys)) {
    const results = await Promise.all(
      ids.map((id) =>
        passBy(
          id,
          (element, reason) => passedBy.set(element, reason),
          () => renewOne(deps, id),
        ),
      ),
    );
    renewed += results.filter((result) => result === 'renewed').length;
    for (const [i, id] of ids.entries()) if (results[i] === 'lost') lost.add(id);
  }
  return { renewed, lost: [...lost], passedBy: [...passedBy].map(([id, reason]) => ({ id, reason })) };
}

async function renewOne({ redis, keys, epochs }: RenewalDeps, id: string): Promise<Renewal> {
  const wrapped = await readDataKey(redis, keys, id);
  const epoch = wrapped === null ? null : readEpoch(wrapped);
  if (wrapped === null || epoch === null) return 'not_due';
  const present = await epochs.current();
  if (!isDueForRenewal(epoch, present.epoch)) return 'not_due';
  const key = await epochs.find(epoch);
  const opening = key && openFromEpoch(key, id, wrapped);
  if (opening?.status !== 'opened') return 'lost';
  const again = wrapInEpoch(present, id, opening.bytes);
  return (await replaceDataKey(redis, keys, id, { before: wrapped, after: again })) ? 'renewed' : 'not_due';
}
