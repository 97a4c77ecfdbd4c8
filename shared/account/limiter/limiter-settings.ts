/** What a deployment may choose about its limiter. All durations in milliseconds. */
export interface LimiterOptions {
  /** Requests per second the upstream allows the account, at least 1. @default 20 */
  readonly quotaPerSecond?: number;
  /** Time between two probes of a held lane. @default 60_000 */
  readonly probeIntervalMs?: number;
  /** Time between two probes of a slow lane. @default 10_000 */
  readonly slowProbeIntervalMs?: number;
  /** Margin a new limiter starts with, 1 to 60. @default 20 */
  readonly marginMs?: number;
  /** Of the last 20 people asked about, with how many the latest attempt must fail transiently for the lane to slow down. @default 16 */
  readonly slowAfterFailures?: number;
}

/**
 * Everything the limiter's decisions depend on besides its record. Integers throughout, durations in microseconds (the
 * resolution of Redis' `TIME`), so that the script and its model in TypeScript compute exactly the same numbers.
 */
export interface LimiterSettings {
  readonly quota: number;
  /** The upstream's unit of counting: one second. */
  readonly windowUs: number;
  readonly marginStartUs: number;
  readonly marginMinUs: number;
  readonly marginMaxUs: number;
  readonly marginUpUs: number;
  readonly marginDownUs: number;
  /** Calls without any refusal that narrow the margin by one step. */
  readonly marginDownCalls: number;
  /** The same, once it has been narrowed and as long as no call was ever refused. */
  readonly marginFirstDownCalls: number;
  /** Up to here a margin is tried rarely once a call was refused … */
  readonly marginTrialUs: number;
  /** … after so many calls. */
  readonly marginTrialCalls: number;
  /** Refusals are counted over this many calls … */
  readonly refusalWindowCalls: number;
  /** … and this many of them widen the margin. */
  readonly refusalBudget: number;
  /** Share of even spacing that two slots keep at least, in thousandths. */
  readonly spacingPermille: number;
  /** How far ahead of its instant a slot may be given to a process. */
  readonly horizonUs: number;
  /** How late after its slot's instant a process may still send; later, it gives the slot up. */
  readonly toleranceUs: number;
  /** Several slots are given in one call only when they lie this close together. */
  readonly batchSpanUs: number;
  /** How late a waiting process may come back before the others stop waiting for it. */
  readonly graceUs: number;
  /** A process waits for its turn at most this long before it asks again. */
  readonly pollUs: number;
  readonly probeUs: number;
  readonly slowProbeUs: number;
  /** A paused lane asks to be asked again after this long. */
  readonly pausePollUs: number;
  readonly slowWindow: number;
  readonly slowAfter: number;
  /** Window and share of refusals (per mille of calls) that betray another user of the same account. */
  readonly foreignWindowSeconds: number;
  readonly foreignPermille: number;
  readonly foreignMinimum: number;
  readonly rateCutPermille: number;
  readonly rateStepMilli: number;
  readonly rateStepUs: number;
}

const MS = 1000;
const SECOND = 1000 * MS;

/**
 * - `spacingPermille` 900 (45 ms at 20/s): the window stays the binding rule, so a late slot costs its lateness once
 *   per window and not once per slot, and yet twenty slots can never start in one instant.
 * - `horizonUs` 50 ms: one slot ahead. What is given away before a more urgent verification comes stands before it: with 100 ms,
 *   a client's single one beside a backlog of 100,000 reached the upstream after 204 ms (median), with 50 ms after 138. It must
 *   not be shorter than what the holder of a slot does before it (25 ms) and a late wake-up.
 * - `toleranceUs` 50 ms: one slot. A late send is written back and costs its lateness; giving the slot up would cost it whole.
 *   Only what was never written back (its process died) is counted with the whole tolerance.
 * - margin 1 to 60 ms: 1 is enough for a network that delays all calls alike, since the instants of slots are bounds already and
 *   not guesses (`ClockBounds`); at 60 the limiter still does 94 %. It bounds
 *   by how much the way to the upstream may vary without a 21st request in a second. Nothing is known of that at first, so it
 *   starts with 20. Begun with 5, 20 ms of random delay brought 21 into a second in the first eight of each of 60 simulated
 *   runs. Without any refusal it stays so for 1,000 calls, and is at 1 after 2,800: that costs 39 slots once.
 * - up to 5 ms the floor is learned: a network that once refused a call there is asked to do with less after 20,000 calls only, so that
 *   trying costs one refusal in that many.
 * - one refusal in 2,000 calls is half of what is allowed, so it widens the margin already; simulated with 20 ms of random delay,
 *   this settles at 0.04 % refused and a margin of 10 ms (a budget of two refusals: 0.06 % and 9 ms).
 */
const LIMITER_DEFAULTS = {
  windowUs: SECOND,
  marginStartUs: 20 * MS,
  marginMinUs: MS,
  marginMaxUs: 60 * MS,
  marginUpUs: 2 * MS,
  marginDownUs: MS,
  marginDownCalls: 1000,
  marginFirstDownCalls: 100,
  marginTrialUs: 5 * MS,
  marginTrialCalls: 20_000,
  refusalWindowCalls: 2000,
  refusalBudget: 1,
  spacingPermille: 900,
  horizonUs: 50 * MS,
  toleranceUs: 50 * MS,
  batchSpanUs: 20 * MS,
  graceUs: 25 * MS,
  pollUs: 250 * MS,
  probeUs: 60 * SECOND,
  slowProbeUs: 10 * SECOND,
  pausePollUs: 5 * SECOND,
  slowWindow: 20,
  slowAfter: 16,
  foreignWindowSeconds: 10,
  foreignPermille: 20,
  foreignMinimum: 3,
  rateCutPermille: 700,
  rateStepMilli: 1000,
  rateStepUs: 30 * SECOND,
  quota: 20,
} as const satisfies LimiterSettings;

/** @throws RangeError when the quota is not a whole number of at least 1 */
export function resolveLimiterSettings(options: LimiterOptions = {}): LimiterSettings {
  const quota = options.quotaPerSecond ?? LIMITER_DEFAULTS.quota;
  if (!Number.isInteger(quota) || quota < 1) {
    throw new RangeError(`quotaPerSecond must be a whole number of at least 1, not ${quota}`);
  }
  const margin = inMicros(options.marginMs, LIMITER_DEFAULTS.marginStartUs);
  return {
    ...LIMITER_DEFAULTS,
    quota,
    marginStartUs: Math.min(Math.max(margin, LIMITER_DEFAULTS.marginMinUs), LIMITER_DEFAULTS.marginMaxUs),
    probeUs: inMicros(options.probeIntervalMs, LIMITER_DEFAULTS.probeUs),
    slowProbeUs: inMicros(options.slowProbeIntervalMs, LIMITER_DEFAULTS.slowProbeUs),
    slowAfter: options.slowAfterFailures ?? LIMITER_DEFAULTS.slowAfter,
  };
}

/**
 * How long a process waits, after its first look at a limiter in use, before it reserves: until what others had reserved by then has
 * been used, and a window and the widest margin have passed. 1,180 ms.
 */
export function computeJoinMs(settings: LimiterSettings): number {
  const { horizonUs, batchSpanUs, toleranceUs, windowUs, marginMaxUs } = settings;
  return (horizonUs + batchSpanUs + toleranceUs + windowUs + marginMaxUs) / MS;
}

function inMicros(ms: number | undefined, fallbackUs: number): number {
  return ms === undefined ? fallbackUs : Math.round(ms * MS);
}
