import type { Endpoint } from '../../shared/contract/endpoint.ts';
import { clientEventTypes } from '../../shared/contract/event-type.ts';
import type { StoredReceiverAuth } from '../../shared/store/clients/receiver-auth.ts';
import type { PushEndpoint } from '../../shared/store/push/push-endpoint.ts';
import type { PushState } from '../../shared/store/push/push-state.ts';
import { deliveryErrorClasses, describeErrorClassToClient } from '../../shared/webhook/delivery-result.ts';
import { presentReceiverAuth } from './read-receiver-auth.ts';

export interface EndpointFacts {
  /** Null: it was removed just now, or its position is lost. */
  readonly state: PushState | null;
  readonly auth: StoredReceiverAuth | undefined;
  /** ms epoch */
  readonly now: number;
}

/** An endpoint as its client sees it. */
export function presentEndpoint(
  { id, url, types, ratePerSecond, enabled, createdAt }: PushEndpoint,
  { state, auth, now }: EndpointFacts,
): Endpoint {
  const { after = 0, attempts = 0, nextAt = null, dead = 0, latest = null } = state ?? {};
  return {
    id,
    url,
    types: clientEventTypes.filter((type) => types.includes(type)),
    ratePerSecond,
    status: statusOf(enabled, state),
    after,
    attempts,
    nextAttemptAt: nextAt === null ? null : new Date(nextAt).toISOString(),
    dead,
    latest: latest === null ? null : { ...latest, errorClass: shown(latest.errorClass) },
    auth: presentReceiverAuth(auth, now),
    createdAt: new Date(createdAt).toISOString(),
  };
}

function statusOf(enabled: boolean, state: PushState | null): Endpoint['status'] {
  if (!enabled) return 'disabled';
  const status = state?.health.status;
  if (status === 'disabled') return 'held';
  return status === 'failing' ? 'failing' : 'active';
}

function shown(errorClass: string | null): string | null {
  const known = deliveryErrorClasses.find((each) => each === errorClass);
  return known === undefined ? errorClass : describeErrorClassToClient(known);
}
