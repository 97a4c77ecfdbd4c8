import type { LaneOverview } from '../contract/lane.ts';
import { type AccountKeys, priorityScores, type QueuePart, type StoreKeys } from '../store/keys.ts';
import { ASIDE_PRIORITY, queuePriority } from '../store/queue/verification-flow.ts';
import type { Redis } from '../store/redis/redis-client.ts';
import { readBulkShare } from '../store/verifications/promise-settings.ts';
import type { LostTime } from '../store/verifications/promised-time.ts';
import { computeWaitSeconds, type LaneSpeed } from './estimate.ts';
import { readAccountUpstream } from './limiter/account-upstream.ts';
import { type LimiterState, readLimiterState } from './limiter/limiter-state.ts';

export function speedOf(lane: LaneOverview): LaneSpeed {
  return { moving: lane.status === 'running', perSecond: lane.quota.effectivePerSecond };
}

/** The lane, and what promises of a time depend on besides. */
export interface LaneReading {
  readonly overview: LaneOverview;
  readonly lost: LostTime;
  /** Of the quota, what bulk verifications keep; null until a worker has started. */
  readonly bulkShare: number | null;
}

/** {@link readLane} without what promises depend on. */
export async function readLaneOverview(
  redis: Redis,
  where: { readonly keys: StoreKeys; readonly accountKeys: AccountKeys },
  quotaPerSecond: number,
): Promise<LaneOverview> {
  return (await readLane(redis, where, quotaPerSecond)).overview;
}

/**
 * All commands leave in one tick on one connection: one round trip.
 *
 * @param quotaPerSecond for a lane that has none yet; 0 shows that it is unknown
 */
export async function readLane(
  redis: Redis,
  { keys, accountKeys }: { readonly keys: StoreKeys; readonly accountKeys: AccountKeys },
  quotaPerSecond: number,
): Promise<LaneReading> {
  const key = (part: QueuePart) => keys.queueKey(keys.verificationQueue, part);
  const countPriority = (priority: number) => {
    const { first, last } = priorityScores(priority);
    return redis.zcount(key('prioritized'), first, last);
  };
  const { interactive, bulk } = queuePriority;
  const [state, counts, [photos, peak], upstream, bulkShare] = await Promise.all([
    readLimiterState(redis, accountKeys),
    Promise.all([
      countPriority(interactive.retry),
      countPriority(interactive.fresh),
      countPriority(bulk.retry),
      countPriority(bulk.fresh),
      countPriority(ASIDE_PRIORITY),
      redis.llen(key('wait')),
      redis.zcard(key('delayed')),
      redis.llen(key('active')),
    ]),
    redis.hmget(keys.photosStored(), 'now', 'peak'),
    readAccountUpstream(redis, accountKeys),
    readBulkShare(redis, keys),
  ]);
  const [interactiveRetries, interactiveFresh, bulkRetries, bulkFresh, aside, wait, delayed, active] = counts;
  const overview = presentLane(keys.lane, state, quotaPerSecond, {
    livemode: upstream?.livemode ?? null,
    // Jobs in `wait` have been taken out of the priorities' order already and stand before everybody.
    interactive: interactiveRetries + interactiveFresh + wait,
    bulk: bulkRetries + bulkFresh,
    retrying: delayed + aside,
    verifying: active,
    photosStored: { now: Number(photos ?? 0), peak: Number(peak ?? 0) },
  });
  return { overview, lost: state.lost, bulkShare };
}

interface Counts {
  readonly livemode: boolean | null;
  readonly interactive: number;
  readonly bulk: number;
  readonly retrying: number;
  readonly verifying: number;
  readonly photosStored: { readonly now: number; readonly peak: number };
}

function presentLane(
  lane: string,
  state: LimiterState,
  quotaPerSecond: number,
  counts: Counts,
): LaneOverview {
  const { livemode, interactive, bulk, retrying, verifying, photosStored } = counts;
  const perSecond = state.quotaPerSecond > 0 ? state.quotaPerSecond : quotaPerSecond;
  const effectivePerSecond = state.effectiveRate > 0 ? state.effectiveRate : perSecond;
  const speed = { moving: state.status === 'running', perSecond: effectivePerSecond };
  return {
    lane,
    livemode,
    status: state.status,
    reason: state.reason ?? null,
    since: instant(state.since),
    resumesAt: instant(state.resumesAt),
    backlog: { interactive, bulk, retrying, verifying, total: interactive + bulk + retrying + verifying },
    quota: {
      perSecond,
      effectivePerSecond,
      inUse: state.grantedLastSecond,
      marginMs: state.marginMs,
    },
    estimatedWaitSeconds: computeWaitSeconds(interactive + 1, speed),
    photosStored,
  };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
