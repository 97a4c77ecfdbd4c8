import {
  parseEvent,
  readSignedWebhook,
  type SignedWebhook,
  type WebhookEvent,
  type WebhookHeaders,
  wrongSignature,
} from './signed-webhook.ts';

const HMAC_SHA256 = { name: 'HMAC', hash: 'SHA-256' };

/**
 * Verifies a webhook (Standard Webhooks 1.0.0) and reads its event, by WebCrypto, which every runtime has.
 *
 * @param body exactly as it was received: not parsed and printed again
 * @param headers of the request; only `webhook-id`, `webhook-timestamp` and `webhook-signature` are read
 * @param secret `whsec_…`; several while one replaces another
 * @throws {WebhookVerificationError} when the signature is wrong or the event is more than five minutes old
 * @throws {TypeError} when a secret is not one
 * @example
 * const event = await verifyWebhook(await request.text(), request.headers, secret);
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
): Promise<WebhookEvent> {
  const webhook = readSignedWebhook(body, headers, secret, Date.now());
  if (await isSigned(webhook)) return parseEvent(webhook.text);
  throw wrongSignature();
}

/** `verify` compares in constant time. */
async function isSigned({ keys, content, signatures }: SignedWebhook): Promise<boolean> {
  for (const bytes of keys) {
    const key = await crypto.subtle.importKey('raw', bytes, HMAC_SHA256, false, ['verify']);
    for (const signature of signatures) {
      if (await crypto.subtle.verify('HMAC', key, signature, content)) return true;
    }
  }
  return false;
}
