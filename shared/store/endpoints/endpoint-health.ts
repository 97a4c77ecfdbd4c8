/**
 * Whether an endpoint still deserves deliveries. Other senders disable a failing endpoint and drop what happens meanwhile;
 * here a held endpoint's events wait, and enabling it (back to `healthyEndpoint`) releases them.
 */

import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import { DAY_MS, MINUTE_MS } from '../../time-units.ts';
import type { DeliveryResult } from '../../webhook/delivery-result.ts';

/** What a Date can be of. */
const time = z.number().min(-8_640_000_000_000_000).max(8_640_000_000_000_000);

/** All times in ms since the epoch. */
export const EndpointHealth = z.discriminatedUnion('status', [
  z.object({ status: z.literal('healthy') }),
  /** Nothing but failures since `failingSince`. `goneSince`: the first of the uninterrupted 410 answers, or null. */
  z.object({
    status: z.literal('failing'),
    failingSince: time,
    goneSince: time.nullable(),
  }),
  z.object({
    status: z.literal('held'),
    /** `operator`: held by hand */
    reason: z.enum(['gone', 'failing_for_days', 'operator']),
    failingSince: time,
    heldAt: time,
  }),
]);

export type EndpointHealth = Readonly<z.infer<typeof EndpointHealth>>;

export const healthyEndpoint: EndpointHealth = { status: 'healthy' };

const storedHealth = jsonText(EndpointHealth);

/** As Redis keeps it. What cannot be read counts as healthy: the worst that follows is one more attempt. */
export function parseEndpointHealth(text: string | null): EndpointHealth {
  const parsed = storedHealth.safeParse(text);
  return parsed.success ? parsed.data : healthyEndpoint;
}

export interface EndpointHealthRules {
  /** A single 410 may be a deployment's hiccup; two this far apart are meant. */
  readonly goneConfirmationMs: number;
  readonly failingForMs: number;
}

const defaultEndpointHealthRules: EndpointHealthRules = {
  goneConfirmationMs: 5 * MINUTE_MS,
  failingForMs: 5 * DAY_MS,
};

/**
 * The endpoint's health after one attempt. Returns `health` itself when nothing changes, so that the caller can skip the
 * write: the common case is a success at a healthy endpoint.
 *
 * A held endpoint stays held whatever comes in, also a success that was under way: only an operator enables it again.
 */
export function reduceEndpointHealth(
  health: EndpointHealth,
  result: DeliveryResult,
  now: number,
  rules: EndpointHealthRules = defaultEndpointHealthRules,
): EndpointHealth {
  if (health.status === 'held') return health;
  if (result.result === 'accepted') return health.status === 'healthy' ? health : healthyEndpoint;
  const failingSince = health.status === 'failing' ? health.failingSince : now;
  const knownGoneSince = health.status === 'failing' ? health.goneSince : null;
  const goneSince = reduceGoneSince(knownGoneSince, result, now);
  if (isGone(result) && goneSince !== null && now - goneSince >= rules.goneConfirmationMs) {
    return { status: 'held', reason: 'gone', failingSince, heldAt: now };
  }
  if (now - failingSince >= rules.failingForMs) {
    return { status: 'held', reason: 'failing_for_days', failingSince, heldAt: now };
  }
  if (health.status === 'failing' && goneSince === knownGoneSince) return health;
  return { status: 'failing', failingSince, goneSince };
}

/** Another answer than 410 takes a 410 back; no answer at all says nothing about it. */
function reduceGoneSince(goneSince: number | null, result: DeliveryResult, now: number): number | null {
  if (result.result === 'unreachable') return goneSince;
  return isGone(result) ? (goneSince ?? now) : null;
}

function isGone(result: DeliveryResult): boolean {
  return result.result === 'refused' && result.status === 410;
}
