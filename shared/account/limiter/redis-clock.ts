/**
 * Redis' clock as seen from this process: an interval, not a guess. A reply stamped t by Redis was made between the sending and
 * the receiving of its call, so (Redis' time − monotonic time) lies in [t − received, t − sent]. Intersecting the intervals
 * of successive calls narrows it to the fastest round trip; the two clocks' drift widens it again.
 *
 * The lower bound serves "not before" (a slot is never used early), the upper bound "not after" (what is written back is never
 * earlier than the truth), so the limiter stays right whatever the round trip, and pays for it in utilization only.
 */
export interface ClockBounds {
  readonly lowMs: number;
  readonly highMs: number;
  /** Monotonic time of the last observation. */
  readonly atMs: number;
}

export interface ClockSample {
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly redisMs: number;
}

/** Crystals differ by tens of parts per million. A clock being slewed drifts faster, by less than the margin between two calls. */
const DRIFT = 0.0001;
/** Bounds that contradict each other by more than this are a clock step; by less, drift beyond what was allowed for. */
const STEP_MS = 20;

export type Observation =
  | { readonly kind: 'steady'; readonly bounds: ClockBounds }
  | { readonly kind: 'stepped'; readonly bounds: ClockBounds };

export function observe(bounds: ClockBounds | undefined, sample: ClockSample): Observation {
  const fresh = {
    lowMs: sample.redisMs - sample.receivedMs,
    highMs: sample.redisMs - sample.sentMs,
    atMs: sample.receivedMs,
  };
  if (!bounds) return { kind: 'steady', bounds: fresh };
  const driftMs = Math.max(0, sample.receivedMs - bounds.atMs) * DRIFT;
  const lowMs = Math.max(bounds.lowMs - driftMs, fresh.lowMs);
  const highMs = Math.min(bounds.highMs + driftMs, fresh.highMs);
  if (lowMs <= highMs) return { kind: 'steady', bounds: { lowMs, highMs, atMs: sample.receivedMs } };
  return { kind: lowMs - highMs > STEP_MS ? 'stepped' : 'steady', bounds: fresh };
}
