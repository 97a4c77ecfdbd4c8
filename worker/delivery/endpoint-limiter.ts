/**
 * Limits what one process sends to each endpoint at once: what `endpoint-admission.ts` decides, remembered per endpoint.
 *
 * Each process keeps its own. A hung endpoint therefore holds at most `maxInFlight` places of each worker's pool, then one;
 * a shared state would save little and cost a round trip to Redis per delivery.
 */
import type { DeliveryResult } from '../../shared/webhook/delivery-result.ts';
import {
  type Breaker,
  computeAdmission,
  type EndpointLimiterState,
  type EndpointPolicy,
  idleEndpoint,
  isForgettable,
  isWorthWaiting,
  type Moment,
  reduceReleased,
} from './endpoint-admission.ts';

type EndpointAdmission =
  /** `release` must be called exactly once, when the delivery has ended; further calls do nothing. */
  | { readonly status: 'admitted'; release(result: DeliveryResult | 'abandoned'): void }
  /** To be tried again at `retryAt` (ms since the epoch) without having used up an attempt. */
  | { readonly status: 'parked'; readonly reason: 'full' | 'open'; readonly retryAt: number };

export interface EndpointLimiter {
  /**
   * @param endpoint what shares one fate: a client's origin. Not the whole URL, or a host with one path per order would
   *   never reach the cap
   * @param parkedBefore whether this delivery has been parked before; it then has the right of way
   */
  enter(endpoint: string, delivery: { readonly parkedBefore: boolean }): EndpointAdmission;
  /**
   * As `enter`, but waits for a place where one is about to become free (`isWorthWaiting`), for `minParkMs` at most, in the
   * order of arrival. Such a wait is no parking.
   */
  enterInTurn(endpoint: string, delivery: { readonly parkedBefore: boolean }): Promise<EndpointAdmission>;
  /** For metrics. */
  count(): { readonly inFlight: number; readonly open: number };
}

export interface EndpointLimiterDeps {
  readonly policy: EndpointPolicy;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  /** For one log line each: an endpoint stopped answering, or answers again. */
  readonly onBreakerChange?: (endpoint: string, status: 'open' | 'closed') => void;
}

export function createEndpointLimiter(deps: EndpointLimiterDeps): EndpointLimiter {
  const states = new Map<string, EndpointLimiterState>();
  const lines = new Map<string, (() => void)[]>();
  const moment = (): Moment => ({ policy: deps.policy, now: deps.now(), random: deps.random });
  const stateOf = (endpoint: string) => states.get(endpoint) ?? idleEndpoint;

  const release = (endpoint: string, ended: Parameters<typeof reduceReleased>[1]) => {
    const before = stateOf(endpoint);
    const at = moment();
    const after = reduceReleased(before, ended, at);
    if (isForgettable(after, at.now)) states.delete(endpoint);
    else states.set(endpoint, after);
    const change = describeChange(before.breaker, after.breaker);
    if (change !== null) deps.onBreakerChange?.(endpoint, change);
    lines.get(endpoint)?.[0]?.();
  };

  const enter = (endpoint: string, delivery: { readonly parkedBefore: boolean }): EndpointAdmission => {
    const decision = computeAdmission(stateOf(endpoint), delivery, moment());
    states.set(endpoint, decision.next);
    if (decision.status === 'parked') {
      return { status: 'parked', reason: decision.reason, retryAt: decision.retryAt };
    }
    const { pass } = decision;
    return { status: 'admitted', release: once((result) => release(endpoint, { pass, result })) };
  };

  /** Resolves when a delivery of this endpoint has ended, first come, first served, or after `forMs`. */
  const waitInLine = (endpoint: string, place: 'first' | 'last', forMs: number): Promise<void> =>
    new Promise((resolve) => {
      const line = lines.get(endpoint) ?? [];
      const leave = () => {
        clearTimeout(timer);
        line.splice(line.indexOf(leave), 1);
        if (line.length === 0) lines.delete(endpoint);
        resolve();
      };
      const timer = setTimeout(leave, forMs);
      lines.set(endpoint, line);
      if (place === 'first') line.unshift(leave);
      else line.push(leave);
    });

  return {
    enter,
    async enterInTurn(endpoint, delivery) {
      const deadline = deps.now() + deps.policy.minParkMs;
      let place: 'first' | 'last' = 'last';
      while (isWorthWaiting(stateOf(endpoint), delivery, moment())) {
        const leftMs = deadline - deps.now();
        if (leftMs <= 0) break;
        await waitInLine(endpoint, place, leftMs);
        place = 'first';
      }
      return enter(endpoint, delivery);
    },
    count() {
      const all = [...states.values()];
      return {
        inFlight: all.reduce((sum, { inFlight }) => sum + inFlight, 0),
        open: all.filter(({ breaker }) => breaker.status !== 'closed').length,
      };
    },
  };
}

/** A failed probe takes `half_open` back to `open`: the endpoint is as it was, which is no news. */
function describeChange(before: Breaker, after: Breaker): 'open' | 'closed' | null {
  if (before.status === 'closed') return after.status === 'closed' ? null : 'open';
  return after.status === 'closed' ? 'closed' : null;
}

function once<Argument>(run: (argument: Argument) => void): (argument: Argument) => void {
  const calls = { made: 0 };
  return (argument) => {
    calls.made += 1;
    if (calls.made === 1) run(argument);
  };
}
