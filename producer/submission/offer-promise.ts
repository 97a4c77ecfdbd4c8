import { quotaOf, selectPromised, sumLostTime } from '../../shared/account/account-readings.ts';
import {
  computeGuaranteedRate,
  computePromiseTerms,
  RECOVERY_MS,
} from '../../shared/account/promise-terms.ts';
import type { Priority } from '../../shared/contract/verification.ts';
import { turnUnitOf } from '../../shared/store/clients/client-weight.ts';
import { readRepeats } from '../../shared/store/clients/repeats.ts';
import { readWeightSum, type WeightSum } from '../../shared/store/clients/weight-sum.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { PromiseOffer } from '../../shared/store/verifications/promise.ts';
import type { LaneView } from '../lane-view.ts';

export interface OfferDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly lane: LaneView;
  /** ms epoch */
  readonly now: () => number;
}

export interface PromiseOffers {
  /**
   * What a submission of this client and priority can be promised now; null for nothing: no worker has started yet, or no part of
   * the quota is sure. While the account is closed the offer stands: it counts from when it opens, because what is lost is added.
   */
  offer(clientId: string, priority: Priority): Promise<PromiseOffer | null>;
}

/** As long as the lane's. */
const FRESH_MS = 200;
/** Clients that submit within that time. */
const MAX_KNOWN = 10_000;

interface Standing extends WeightSum {
  readonly repeats: number;
}

/** Submissions of one client at the same time share one look at its standing. */
export function createPromiseOffers({ redis, keys, lane, now }: OfferDeps): PromiseOffers {
  const known = new Map<string, { readonly at: number; readonly standing: Promise<Standing> }>();
  const readStanding = (clientId: string): Promise<Standing> => {
    const latest = known.get(clientId);
    if (latest !== undefined && now() - latest.at < FRESH_MS) return latest.standing;
    if (known.size >= MAX_KNOWN) known.clear();
    const standing = Promise.all([
      readWeightSum(redis, keys, clientId),
      readRepeats(redis, keys, clientId),
    ]).then(([sum, repeats]) => ({ ...sum, repeats }));
    known.set(clientId, { at: now(), standing });
    // Not remembered: the next one asks again.
    standing.catch(() => known.delete(clientId));
    return standing;
  };
  return {
    offer: async (clientId, priority) => {
      const [{ overview, accounts, bulkShare }, { weight, sum, clients, repeats }] = await Promise.all([
        lane.readAll(),
        readStanding(clientId),
      ]);
      if (bulkShare === null) return null;
      const promised = selectPromised(accounts, clientId);
      const isNamed = promised.some(({ known }) => known !== null);
      const quotaPerSecond = isNamed
        ? promised.reduce((sum, account) => sum + quotaOf(account), 0)
        : overview.quota.perSecond;
      const lost = sumLostTime(promised.map(({ state }) => state));
      const perSecond = computeGuaranteedRate(priority, { quotaPerSecond, bulkShare });
      const terms = computePromiseTerms({ priority, weight, weightOfAll: sum, clients, perSecond });
      if (terms === null) return null;
      const { baseMs, perTurnMs, perCallMs } = terms;
      // Whatever is interactive goes before what is bulk, also what is submitted later.
      const byCalls = priority === 'interactive' ? { perCallMs, beforeMs: RECOVERY_MS } : null;
      const unit = turnUnitOf(weight);
      return {
        baseMs,
        perTurnMs,
        unit,
        byCalls,
        since: { lost, repeats },
        accounts: isNamed ? promised.map(({ name }) => name) : undefined,
      };
    },
  };
}
