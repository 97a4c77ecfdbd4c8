import { type LaneReading, readLane } from '../shared/account/lane-overview.ts';
import type { LaneOverview } from '../shared/contract/lane.ts';
import type { StoreKeys } from '../shared/store/keys.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';

/** Longer than this, what is known of the lane is not used for a decision. */
const FRESH_MS = 200;

export interface LaneView {
  /** The lane as it was at most 200 ms ago. */
  read(): Promise<LaneOverview>;
  /** The same, with what promises of a time depend on. */
  readAll(): Promise<LaneReading>;
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
  readonly keys: StoreKeys;
  readonly quotaPerSecond: number;
  readonly now: () => number;
}): LaneView {
  let latest: { readonly at: number; readonly lane: LaneReading } | undefined;
  let reading: Promise<LaneReading> | undefined;
  let taken = 0;

  const refresh = async (): Promise<LaneReading> => {
    const takenBefore = taken;
    const lane = await readLane(redis, keys, quotaPerSecond);
    // What was taken while the answer was under way may be counted twice, for 200 ms; better than not at all.
    taken -= takenBefore;
    latest = { at: now(), lane };
    return lane;
  };
  const readAll = (): Promise<LaneReading> => {
    if (latest && now() - latest.at < FRESH_MS) return Promise.resolve(latest.lane);
    reading ??= refresh().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return {
    readAll,
    read: async () => (await readAll()).overview,
    countBacklog: (lane) => lane.backlog.total + taken,
    take: () => {
      taken += 1;
    },
    giveBack: () => {
      taken = Math.max(0, taken - 1);
    },
  };
}
