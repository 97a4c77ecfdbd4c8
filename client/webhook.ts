import {
  parseEvent,
  readSignedWebhook,
  type SignedWebhook,
  type WebhookEvent,
  type WebhookHeaders,
  wrongSignature,
} from './signed-webhook.ts';
import type { WebhookVerificationKeys } from './verification-keys.ts';

const ALGORITHMS = { v1: { name: 'HMAC', hash: 'SHA-256' }, v1a: { name: 'Ed25519' } } as const;

/**
 * Verifies a webhook (Standard Webhooks 1.0.0) and reads its event, by WebCrypto, which every runtime has.
 *
 * @param body exactly as it was received: not parsed and printed again
 * @param headers of the request; only `webhook-id`, `webhook-timestamp` and `webhook-signature` are read
 * @param keys the secret, `whsec_…`; or the public keys of `keySet()`, where the deployment has some; several while one
 *   replaces another
 * @throws {WebhookVerificationError} when the signature is wrong or the event is more than five minutes old
 * @throws {TypeError} when a secret or a key is not one
 * @example
 * const event = await verifyWebhook(await request.text(), request.headers, secret);
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  keys: WebhookVerificationKeys,
): Promise<WebhookEvent> {
  const webhook = readSignedWebhook(body, headers, keys, Date.now());
  if (await isSigned(webhook)) return parseEvent(webhook.text);
  throw wrongSignature();
}

/** `verify` compares in constant time. */
async function isSigned({ keys, content, signatures }: SignedWebhook): Promise<boolean> {
  for (const { version, bytes } of keys) {
    const algorithm = ALGORITHMS[version];
    const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify']);
    for (const signature of signatures) {
      if (signature.version !== version) continue;
      if (await crypto.subtle.verify(algorithm.name, key, signature.bytes, content)) return true;
    }
  }
  return false;
}
