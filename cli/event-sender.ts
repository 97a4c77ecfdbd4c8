import type { ClientAuth } from '../shared/webhook/client-auth.ts';
import type { DeliveryResult } from '../shared/webhook/delivery-result.ts';
import { createDeliveryDispatcher } from '../shared/webhook/guarded-connector.ts';
import { createPoster } from '../shared/webhook/post-event.ts';
import { createDnsResolve, resolveWithSystem } from '../shared/webhook/resolve-host.ts';
import { computeWebhookHeaders, type SignedContent } from '../shared/webhook/webhook-signature.ts';

/** Signs and posts as the delivery worker does, with the same guard against private addresses. */
export interface EventSender {
  send(
    url: string,
    event: SignedContent & { readonly auth: ClientAuth | null },
    signal: AbortSignal,
  ): Promise<DeliveryResult>;
  close(): Promise<void>;
}

export type OpenEventSender = () => Promise<EventSender>;

const TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
const DNS_TIMEOUT_MS = 2_000;

export function openEventSender(allowInsecure: boolean): EventSender {
  const dispatcher = createDeliveryDispatcher({
    resolve: allowInsecure ? resolveWithSystem : createDnsResolve({ timeoutMs: DNS_TIMEOUT_MS }),
    allowInsecure,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    connectionsPerOrigin: 1,
  });
  const post = createPoster({
    dispatcher,
    timeoutMs: TIMEOUT_MS,
    userAgent: 'veriqueue (+https://www.standardwebhooks.com)',
    now: Date.now,
  });
  return {
    send: (url, event, signal) =>
      post({
        url,
        body: event.body,
        headers: { ...computeWebhookHeaders(event) },
        auth: event.auth,
        signal,
      }),
    close: () => dispatcher.close(),
  };
}
