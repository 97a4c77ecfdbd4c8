import type { Endpoint } from '../../shared/contract/endpoint.ts';
import { clientEventTypes } from '../../shared/contract/event-type.ts';
import type { StoredReceiverAuth } from '../../shared/store/clients/receiver-auth.ts';
import { presentPush } from '../../shared/store/push/present-push.ts';
import type { PushEndpoint } from '../../shared/store/push/push-endpoint.ts';
import type { PushState } from '../../shared/store/push/push-state.ts';
import { showErrorClass } from '../../shared/webhook/delivery-result.ts';
import { presentReceiverAuth } from './read-receiver-auth.ts';

export interface EndpointFacts {
  /** Null: it was removed just now, or its position is lost. */
  readonly state: PushState | null;
  readonly auth: StoredReceiverAuth | undefined;
  /** ms epoch */
  readonly now: number;
}

/** An endpoint as its client sees it. */
export function presentEndpoint(endpoint: PushEndpoint, { state, auth, now }: EndpointFacts): Endpoint {
  const { latest, ...rest } = presentPush(endpoint, state);
  return {
    ...rest,
    types: clientEventTypes.filter((type) => endpoint.types.includes(type)),
    latest: latest === null ? null : { ...latest, errorClass: showErrorClass(latest.errorClass) },
    auth: presentReceiverAuth(auth, now),
  };
}
