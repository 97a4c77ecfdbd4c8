import { isCallbackAllowed, isDefaultCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import type { Client } from '../../shared/store/clients/client.ts';
import { CALLBACK } from '../../shared/store/clients/receiver-auth.ts';
import type { EndpointHealth } from '../../shared/store/endpoints/endpoint-health.ts';
import type { DueDelivery } from '../../shared/store/verifications/begin-delivery.ts';
import type { ClientAuth } from '../../shared/webhook/client-auth.ts';
import type { DeliveryDeps } from './delivery-deps.ts';
import { openAuth } from './open-auth.ts';

/** Where an event goes, if it can go anywhere now. An endpoint is `<clientId> <origin>`. */
export type DeliveryTarget =
  | {
      readonly status: 'found';
      readonly endpoint: string;
      readonly url: string;
      readonly client: Client;
      /** What the receiver asks for beside the signature. */
      readonly auth: ClientAuth | null;
    }
  /** It waits at this endpoint until the reason is removed. */
  | { readonly status: 'none'; readonly endpoint: string; readonly reason: WaitReason }
  /** The client cannot be read. */
  | { readonly status: 'unknown' };

/**
 * `no_callback_url`: the client polls, or will name a callback later. `origin_not_allowed`: the origin was taken away from
 * the client after the verification came in. `unreadable_callback_url`: what is stored is no URL. Beyond these, the endpoint
 * is disabled.
 */
export type WaitReason =
  | 'no_client'
  | 'no_callback_url'
  | 'origin_not_allowed'
  | 'unreadable_callback_url'
  | Extract<EndpointHealth, { status: 'disabled' }>['reason'];

export async function findTarget(
  deps: DeliveryDeps,
  { clientId, callbackUrl }: DueDelivery,
): Promise<DeliveryTarget> {
  const { endpoints, log } = deps;
  const reading = await deps.readClient(clientId);
  switch (reading.status) {
    case 'unreadable':
      log.error(
        { event: 'client_unreadable', client: clientId, fields: reading.fields },
        'a client cannot be read',
      );
      return { status: 'unknown' };
    case 'missing':
      return { status: 'none', endpoint: `${clientId} none`, reason: 'no_client' };
    case 'found': {
      const { client } = reading;
      const url = callbackUrl ?? client.callbackUrl;
      if (url === null) return { status: 'none', endpoint: `${clientId} none`, reason: 'no_callback_url' };
      if (!URL.canParse(url)) {
        log.error({ event: 'callback_url_unreadable', client: clientId }, 'a callback URL cannot be read');
        return { status: 'none', endpoint: `${clientId} none`, reason: 'unreadable_callback_url' };
      }
      const { origin } = new URL(url);
      const endpoint = `${clientId} ${origin}`;
      const isAllowed = callbackUrl === null ? isDefaultCallbackAllowed : isCallbackAllowed;
      if (!isAllowed(client, { origin })) {
        return { status: 'none', endpoint, reason: 'origin_not_allowed' };
      }
      const health = await endpoints.read(endpoint);
      if (health.status === 'disabled') return { status: 'none', endpoint, reason: health.reason };
      const auth = openAuth(deps, client, { receiver: CALLBACK, url, stored: client.callbackAuth });
      return auth.status === 'unreadable'
        ? { status: 'unknown' }
        : { status: 'found', endpoint, url, client, auth: auth.auth };
    }
    default:
      return reading satisfies never;
  }
}
