/**
 * When a delivery is tried again. The default is the retry schedule of Standard Webhooks 1.0.0 ("Deliverability and
 * reliability"): ten attempts over a good three days.
 */

import type { EndpointHealth } from '../../shared/store/endpoints/endpoint-health.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/time-units.ts';
import type { DeliveryResult } from '../../shared/webhook/delivery-result.ts';

export interface DeliverySchedule {
  /** One delay per attempt, counted from the end of the attempt before; the first is usually 0. */
  readonly delaysMs: readonly number[];
  /** Every delay but the first is spread by ± this share of it. */
  readonly jitter: number;
  /** A longer Retry-After is cut to this. */
  readonly maxRetryAfterMs: number;
}

export const defaultDeliverySchedule: DeliverySchedule = {
  delaysMs: [
    0,
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    DAY_MS,
  ],
  jitter: 0.2,
  maxRetryAfterMs: DAY_MS,
};

type DisabledReason = Extract<EndpointHealth, { readonly status: 'disabled' }>['reason'];

export type AfterDeliveryAttempt =
  | { readonly step: 'delivered' }
  /** `at`: ms since the epoch. */
  | { readonly step: 'retry'; readonly at: number }
  /** The event waits, its attempts kept, until an operator enables the endpoint. */
  | { readonly step: 'defer'; readonly reason: DisabledReason; readonly disabledAt: number }
  | { readonly step: 'dead' };

export interface DeliveryAttemptFacts {
  readonly result: DeliveryResult;
  /** Attempts so far, the one that came to `result` included. */
  readonly attemptsMade: number;
  readonly schedule: DeliverySchedule;
  /** The endpoint's health after `result` was reduced into it. */
  readonly health: EndpointHealth;
  readonly now: number;
  readonly random: () => number;
}

/**
 * A disabled endpoint comes before an exhausted schedule: the event that disables it is not made a dead letter for it.
 */
export function computeAfterDeliveryAttempt(facts: DeliveryAttemptFacts): AfterDeliveryAttempt {
  const { result, attemptsMade, schedule, health, now, random } = facts;
  if (result.result === 'accepted') return { step: 'delivered' };
  if (health.status === 'disabled') {
    return { step: 'defer', reason: health.reason, disabledAt: health.disabledAt };
  }
  const delayMs = schedule.delaysMs[attemptsMade];
  if (delayMs === undefined) return { step: 'dead' };
  const scheduled = delayMs * (1 + schedule.jitter * (2 * random() - 1));
  const asked = result.result === 'refused' ? (result.retryAfterMs ?? 0) : 0;
  return {
    step: 'retry',
    at: now + Math.round(Math.max(scheduled, spreadRetryAfter(asked, schedule, random))),
  };
}

/**
 * Retry-After only ever moves an attempt later: obeying a shorter one would let a receiver that always says "1 second"
 * burn the whole schedule in ten. It is spread, and only to later times, so that deliveries which were
 * all asked to come back "in 60 seconds" do not return in the same instant.
 */
function spreadRetryAfter(askedMs: number, schedule: DeliverySchedule, random: () => number): number {
  return Math.min(askedMs * (1 + schedule.jitter * random()), schedule.maxRetryAfterMs);
}
