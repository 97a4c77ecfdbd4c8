/**
 * Whether an endpoint still deserves deliveries. Other senders disable a failing endpoint and drop what happens meanwhile;
 * here a disabled endpoint's events are deferred, and enabling it (back to `healthyEndpoint`) releases them.
 */

import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import { DAY_MS, MINUTE_MS } from '../../time-units.ts';
import type { DeliveryResult } from '../../webhook/delivery-result.ts';

/** What a Date can be of. */
const time = z.number().min(-8_640_000_000_000_000).max(8_640_000_000_000_000);

/**
 * As Redis keeps it. A disabled endpoint is `held` there, as in the API, so that versions side by side read one another's
 * words. All times in ms since the epoch.
 */
export const StoredEndpointHealth = z.discriminatedUnion('status', [
  z.object({ status: z.literal('healthy') }),
  /** Nothing but failures since `failingSince`. `goneSince`: the first of the uninterrupted 410 answers, or null. */
  z.object({
    status: z.literal('failing'),
    failingSince: time,
    goneSince: time.nullable(),
  }),
  z.object({
    status: z.literal('held'),
    /** `operator`: disabled by hand */
    reason: z.enum(['gone', 'failing_for_days', 'operator']),
    failingSince: time,
    heldAt: time,
  }),
]);

type Stored = Readonly<z.infer<typeof StoredEndpointHealth>>;
type StoredDisabled = Extract<Stored, { status: 'held' }>;

export type EndpointHealth =
  | Exclude<Stored, StoredDisabled>
  | (Readonly<Omit<StoredDisabled, 'status' | 'heldAt'>> & {
      readonly status: 'disabled';
      readonly disabledAt: number;
    });

export const healthyEndpoint: EndpointHealth = { status: 'healthy' };

const storedHealth = jsonText(StoredEndpointHealth);

/** As Redis keeps it. What cannot be read counts as healthy: the worst that follows is one more attempt. */
export function parseEndpointHealth(text: string | null): EndpointHealth {
  const parsed = storedHealth.safeParse(text);
  if (!parsed.success) return healthyEndpoint;
  if (parsed.data.status !== 'held') return parsed.data;
  const { heldAt: disabledAt, ...rest } = parsed.data;
  return { ...rest, status: 'disabled', disabledAt };
}

/** In the words of Redis and of the command line's JSON. */
export function toStoredHealth(health: EndpointHealth): Stored {
  if (health.status !== 'disabled') return health;
  const { disabledAt: heldAt, ...rest } = health;
  return { ...rest, status: 'held', heldAt };
}

/** As Redis keeps it. */
export function writeEndpointHealth(health: EndpointHealth): string {
  return JSON.stringify(toStoredHealth(health));
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
 * A disabled endpoint stays disabled whatever comes in, also a success that was under way: only an operator enables it again.
 */
export function reduceEndpointHealth(
  health: EndpointHealth,
  result: DeliveryResult,
  now: number,
  rules: EndpointHealthRules = defaultEndpointHealthRules,
): EndpointHealth {
  if (health.status === 'disabled') return health;
  if (result.result === 'accepted') return health.status === 'healthy' ? health : healthyEndpoint;
  const failingSince = health.status === 'failing' ? health.failingSince : now;
  const knownGoneSince = health.status === 'failing' ? health.goneSince : null;
  const goneSince = reduceGoneSince(knownGoneSince, result, now);
  if (isGone(result) && goneSince !== null && now - goneSince >= rules.goneConfirmationMs) {
    return { status: 'disabled', reason: 'gone', failingSince, disabledAt: now };
  }
  if (now - failingSince >= rules.failingForMs) {
    return { status: 'disabled', reason: 'failing_for_days', failingSince, disabledAt: now };
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
