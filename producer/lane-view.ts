import { QueueKeys } from 'bullmq';
import type { Redis } from 'ioredis';
import type { LaneOverview } from '../shared/contract/lane.ts';
import type { LaneKeys } from '../shared/keys.ts';
import { type LaneState, readLaneState } from '../shared/lane/lane-state.ts';
import { readLaneUpstream } from '../shared/lane/lane-upstream.ts';
import { ASIDE_PRIORITY, queuePriority } from '../shared/queue/verification-flow.ts';
import { computeWaitSeconds, type LaneSpeed } from './estimate.ts';

/** Longer than this, what is known of the lane is not used for a decision. */
const FRESH_MS = 200;

/** BullMQ's score of a prioritized job: priority times this, plus a counter (`getPriorityScore.lua`). */
const SCORES_PER_PRIORITY = 0x1_0000_0000;

export interface LaneView {
  /** The lane as it was at most 200 ms ago. */
  read(): Promise<LaneOverview>;
  /** The backlog including the places this process gave away since it was counted. */
  countBacklog(lane: LaneOverview): number;
  /** Gives a place in the backlog away. */
  take(): void;
  /** A place that was given away and came to nothing. */
  giveBack(): void;
}

/**
 * Many requests share one look at the lane: it costs a dozen commands, and a submission should not pay for them.
 *
 * @param quotaPerSecond the configured quota, shown until a worker has asked for the lane's first slot
 */
export function createLaneView({
  redis,
  keys,
  quotaPerSecond,
  now,
}: {
  readonly redis: Redis;
  readonly keys: LaneKeys;
  readonly quotaPerSecond: number;
  readonly now: () => number;
}): LaneView {
  let latest: { readonly at: number; readonly lane: LaneOverview } | undefined;
  let reading: Promise<LaneOverview> | undefined;
  let taken = 0;

  const refresh = async (): Promise<LaneOverview> => {
    const takenBefore = taken;
    const lane = await readLaneOverview(redis, keys, quotaPerSecond);
    // What was taken while the answer was under way may be counted twice, for 200 ms; better than not at all.
    taken -= takenBefore;
    latest = { at: now(), lane };
    return lane;
  };
  const read = (): Promise<LaneOverview> => {
    if (latest && now() - latest.at < FRESH_MS) return Promise.resolve(latest.lane);
    reading ??= refresh().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return {
    read,
    countBacklog: (lane) => lane.backlog.total + taken,
    take: () => {
      taken += 1;
    },
    giveBack: () => {
      taken = Math.max(0, taken - 1);
    },
  };
}

export function speedOf(lane: LaneOverview): LaneSpeed {
  return { moving: lane.status === 'running', perSecond: lane.quota.effectivePerSecond };
}

/**
 * All commands leave in one tick on one connection: one round trip.
 *
 * @param quotaPerSecond for a lane that has none yet; 0 shows that nobody knows
 */
export async function readLaneOverview(
  redis: Redis,
  keys: LaneKeys,
  quotaPerSecond: number,
): Promise<LaneOverview> {
  const queue = new QueueKeys(keys.queuePrefix);
  const key = (name: string) => queue.toKey(keys.verificationQueue, name);
  const countPriority = (priority: number) =>
    redis.zcount(
      key('prioritized'),
      priority * SCORES_PER_PRIORITY,
      (priority + 1) * SCORES_PER_PRIORITY - 1,
    );
  const { interactive, bulk } = queuePriority;
  const [state, counts, [photos, peak], upstream] = await Promise.all([
    readLaneState(redis, keys),
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
    readLaneUpstream(redis, keys),
  ]);
  const [interactiveRetries, interactiveFresh, bulkRetries, bulkFresh, aside, wait, delayed, active] = counts;
  return presentLane(keys.lane, state, quotaPerSecond, {
    livemode: upstream?.livemode ?? null,
    // Jobs in `wait` have been taken out of the priorities' order already and stand before everybody.
    interactive: interactiveRetries + interactiveFresh + wait,
    bulk: bulkRetries + bulkFresh,
    retrying: delayed + aside,
    verifying: active,
    photosStored: { now: Number(photos ?? 0), peak: Number(peak ?? 0) },
  });
}

interface Counts {
  readonly livemode: boolean | null;
  readonly interactive: number;
  readonly bulk: number;
  readonly retrying: number;
  readonly verifying: number;
  readonly photosStored: { readonly now: number; readonly peak: number };
}

function presentLane(lane: string, state: LaneState, quotaPerSecond: number, counts: Counts): LaneOverview {
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
