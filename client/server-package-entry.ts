/**
 * The entry `veriqueue/client` of the server's package, from before the client had a package of its own. It stays as it
 * was: `verifyWebhook` gives the event at once. A promise in its place would have made an application that does not await
 * it acknowledge every event and act on none. New code imports `@veriqueue/client`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  parseEvent,
  readSignedWebhook,
  type WebhookEvent,
  type WebhookHeaders,
  wrongSignature,
} from './signed-webhook.ts';

// biome-ignore lint/performance/noBarrelFile: this is what the entry shows
export * from './veriqueue.ts';

/**
 * As `verifyWebhook` of `@veriqueue/client`, without a promise, for Node.js alone.
 *
 * @deprecated import it from `@veriqueue/client`, and await it
 * @throws {WebhookVerificationError} when the signature is wrong or the event is more than five minutes old
 * @throws {TypeError} when a secret is not one
 */
export function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
): WebhookEvent {
  const { keys, content, signatures, text } = readSignedWebhook(body, headers, secret, Date.now());
  const isSigned = keys.some((key) => {
    const expected = createHmac('sha256', key).update(content).digest();
    return signatures.some(
      (signature) => signature.byteLength === expected.byteLength && timingSafeEqual(signature, expected),
    );
  });
  if (isSigned) return parseEvent(text);
  throw wrongSignature();
}
