/**
 * Whether a delivery may go to its endpoint now: pure transitions over what one process knows about one endpoint.
 *
 * Two limits keep a bad endpoint from taking the pool's time. The cap bounds how many deliveries of one endpoint are under
 * way at once; the breaker bounds it to one probe per interval while the endpoint does not answer. A delivery that is
 * turned away is parked: it gets a time to come back at, and has used up no attempt.
 *
 *   closed ── failures in a row, or a Retry-After ──▶ open ── its time is over: one probe ──▶ half_open
 *     ▲                                                ▲                                       │   │
 *     └────────────── any success ─────────────────────┼─────────────────── success ───────────┘   │
 *                                                      └──────── failure, for twice as long ───────┘
 */
import { computeBackoffMs, spread } from '../../shared/contract/backoff.ts';
import type { DeliveryResult } from '../../shared/webhook/delivery-result.ts';

export interface EndpointPolicy {
  /** The most deliveries of one endpoint under way in this process. */
  readonly maxInFlight: number;
  /** Failures in a row that open the breaker. */
  readonly failuresToOpen: number;
  /** How long it first stays open; doubled by every failed probe, up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** Bounds of the wait of a delivery that found the endpoint full. */
  readonly minParkMs: number;
  readonly maxParkMs: number;
}

export const defaultEndpointPolicy: EndpointPolicy = {
  maxInFlight: 8,
  failuresToOpen: 5,
  openMs: 5_000,
  maxOpenMs: 300_000,
  minParkMs: 250,
  maxParkMs: 30_000,
};

/** `until` in ms since the epoch; `failedProbes` since the breaker was last closed. */
export type Breaker =
  | { readonly status: 'closed'; readonly failures: number }
  | { readonly status: 'open'; readonly until: number; readonly failedProbes: number }
  | { readonly status: 'half_open'; readonly failedProbes: number };

export interface EndpointLimiterState {
  readonly inFlight: number;
  readonly breaker: Breaker;
  /** Moving average of how long a delivery takes here. */
  readonly typicalMs: number;
  /** When the last delivery ended, or when the first one began after a pause. */
  readonly movedAt: number;
  /** The latest time at which any parked delivery is to come back. */
  readonly parkedUntil: number;
}

/** `probe`: the one delivery that finds out whether an endpoint answers again. */
export type Pass = 'regular' | 'probe';

export type AdmissionDecision =
  | { readonly status: 'admitted'; readonly pass: Pass; readonly next: EndpointLimiterState }
  | {
      readonly status: 'parked';
      readonly reason: 'full' | 'open';
      readonly retryAt: number;
      readonly next: EndpointLimiterState;
    };

export interface Moment {
  readonly policy: EndpointPolicy;
  readonly now: number;
  readonly random: () => number;
}

export const idleEndpoint: EndpointLimiterState = {
  inFlight: 0,
  breaker: { status: 'closed', failures: 0 },
  typicalMs: 100,
  movedAt: 0,
  parkedUntil: 0,
};

/** The share of a new duration in the moving average. */
const averageWeight = 0.2;

/** @param parkedBefore whether this delivery has been turned away before */
export function computeAdmission(
  state: EndpointLimiterState,
  { parkedBefore }: { readonly parkedBefore: boolean },
  moment: Moment,
): AdmissionDecision {
  const { breaker } = state;
  const { policy, now } = moment;
  if (breaker.status === 'closed') {
    const full = state.inFlight >= computeAllowance(state, parkedBefore, moment);
    return full
      ? park(state, 'full', now + computeStallMs(state, moment), moment)
      : admit(state, 'regular', now);
  }
  if (breaker.status === 'open' && now < breaker.until) return park(state, 'open', breaker.until, moment);
  if (breaker.status === 'half_open' || state.inFlight >= policy.maxInFlight) {
    return park(state, 'open', now + computeStallMs(state, moment), moment);
  }
  const probing: Breaker = { status: 'half_open', failedProbes: breaker.failedProbes };
  return admit({ ...state, breaker: probing }, 'probe', now);
}

/**
 * Whether a place is about to become free: the endpoint is full, but answers in less time than parking takes. Parking there
 * would cost more than it protects; an endpoint that slows down or hangs is not quick from that moment on.
 */
export function isWorthWaiting(
  state: EndpointLimiterState,
  { parkedBefore }: { readonly parkedBefore: boolean },
  moment: Moment,
): boolean {
  const { policy, now } = moment;
  const full = state.inFlight >= computeAllowance(state, parkedBefore, moment);
  const quick = state.typicalMs <= policy.minParkMs && now - state.movedAt <= policy.minParkMs;
  return full && quick && state.breaker.status === 'closed';
}

/** While parked deliveries are still to come back, half of the places are kept for them: new ones never starve old ones. */
function computeAllowance(
  state: EndpointLimiterState,
  parkedBefore: boolean,
  { policy, now }: Moment,
): number {
  const sharing = !parkedBefore && now < state.parkedUntil;
  return sharing ? Math.ceil(policy.maxInFlight / 2) : policy.maxInFlight;
}

/** Nothing has moved for so long: expect it to take as long again. The wait grows by itself while an endpoint hangs. */
function computeStallMs(state: EndpointLimiterState, { policy, now }: Moment): number {
  return Math.min(Math.max(now - state.movedAt, policy.minParkMs), policy.maxParkMs);
}

function admit(state: EndpointLimiterState, pass: Pass, now: number): AdmissionDecision {
  const movedAt = state.inFlight === 0 ? now : state.movedAt;
  return { status: 'admitted', pass, next: { ...state, inFlight: state.inFlight + 1, movedAt } };
}

/**
 * Parked deliveries come back one after the other, at the pace the endpoint last had, in the order they were parked. All at
 * once they would only turn each other away again. Where that line grows past `maxParkMs` its end is folded back: a late
 * return in order is worth less than an early one out of it.
 */
function park(
  state: EndpointLimiterState,
  reason: 'full' | 'open',
  earliest: number,
  { policy, random }: Moment,
): AdmissionDecision {
  const inTurn = Math.max(earliest, state.parkedUntil + state.typicalMs / policy.maxInFlight);
  const retryAt = Math.ceil(
    inTurn - earliest <= policy.maxParkMs ? inTurn : earliest + policy.maxParkMs * (0.5 + 0.5 * random()),
  );
  return {
    status: 'parked',
    reason,
    retryAt,
    next: { ...state, parkedUntil: Math.max(state.parkedUntil, retryAt) },
  };
}

/**
 * The endpoint after an admitted delivery ended.
 *
 * @param result `abandoned` when the delivery ended without an answer to learn from
 */
export function reduceReleased(
  state: EndpointLimiterState,
  { pass, result }: { readonly pass: Pass; readonly result: DeliveryResult | 'abandoned' },
  moment: Moment,
): EndpointLimiterState {
  const left = { ...state, inFlight: Math.max(0, state.inFlight - 1), movedAt: moment.now };
  if (result === 'abandoned') return { ...left, breaker: reduceAbandoned(state.breaker, pass, moment.now) };
  const typicalMs = state.typicalMs + averageWeight * (result.durationMs - state.typicalMs);
  return { ...left, typicalMs, breaker: reduceBreaker(state.breaker, { pass, result }, moment) };
}

function reduceAbandoned(breaker: Breaker, pass: Pass, now: number): Breaker {
  if (pass === 'regular' || breaker.status !== 'half_open') return breaker;
  return { status: 'open', until: now, failedProbes: breaker.failedProbes };
}

function reduceBreaker(
  breaker: Breaker,
  { pass, result }: { readonly pass: Pass; readonly result: DeliveryResult },
  moment: Moment,
): Breaker {
  if (!isEndpointFailure(result)) return { status: 'closed', failures: 0 };
  const askedMs = result.result === 'refused' ? (result.retryAfterMs ?? 0) : 0;
  const failedProbes = countFailedProbes(breaker, pass);
  if (askedMs > 0) return reduceAskedToWait(breaker, askedMs, failedProbes, moment);
  if (breaker.status === 'closed') {
    const failures = breaker.failures + 1;
    return failures < moment.policy.failuresToOpen ? { status: 'closed', failures } : open(0, moment);
  }
  // A failure of a delivery that set out before the breaker opened says nothing new.
  return pass === 'probe' ? open(failedProbes, moment) : breaker;
}

function countFailedProbes(breaker: Breaker, pass: Pass): number {
  return breaker.status === 'closed' ? 0 : breaker.failedProbes + (pass === 'probe' ? 1 : 0);
}

function reduceAskedToWait(
  breaker: Breaker,
  askedMs: number,
  failedProbes: number,
  { policy, now }: Moment,
): Breaker {
  const asked = now + Math.min(askedMs, policy.maxOpenMs);
  const until = breaker.status === 'open' ? Math.max(asked, breaker.until) : asked;
  return { status: 'open', until, failedProbes };
}

function open(failedProbes: number, { policy, now, random }: Moment): Breaker {
  const openMs = computeBackoffMs({ baseMs: policy.openMs, capMs: policy.maxOpenMs }, failedProbes);
  // Spread, so that several workers do not probe a weak endpoint in step.
  return { status: 'open', until: now + spread(openMs, { from: 1, to: 1.2 }, random()), failedProbes };
}

/**
 * Signs that the endpoint as a whole is unwell. Another 4xx is a quick answer about one event, from an endpoint that is
 * there: parking the other events for it would let one bad event block them.
 */
function isEndpointFailure(result: DeliveryResult): boolean {
  if (result.result === 'accepted') return false;
  return result.result === 'unreachable' || result.status === 429 || result.status >= 500;
}

/** Whether nothing would be lost by forgetting the endpoint. */
export function isForgettable(state: EndpointLimiterState, now: number): boolean {
  const unblemished = state.breaker.status === 'closed' && state.breaker.failures === 0;
  return state.inFlight === 0 && unblemished && state.parkedUntil <= now;
}
