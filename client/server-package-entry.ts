/**
 * The entry `veriqueue/client` of the server's package, from before the client had a package of its own. It stays as it
 * was: `verifyWebhook` gives the event at once. A promise in its place would have made an application that does not await
 * it acknowledge every event and act on none. New code imports `@veriqueue/client`.
 */
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import {
  parseEvent,
  readSignedWebhook,
  type WebhookEvent,
  type WebhookHeaders,
  type WebhookSignature,
  wrongSignature,
} from './signed-webhook.ts';
import type { VerificationKey, WebhookVerificationKeys } from './verification-keys.ts';

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
  given: WebhookVerificationKeys,
): WebhookEvent {
  const { keys, content, signatures, text } = readSignedWebhook(body, headers, given, Date.now());
  if (keys.some((key) => signatures.some((signature) => fits(key, content, signature))))
    return parseEvent(text);
  throw wrongSignature();
}

function fits(
  { version, bytes }: VerificationKey,
  content: Uint8Array,
  signature: WebhookSignature,
): boolean {
  if (signature.version !== version) return false;
  if (version === 'v1a') {
    const x = Buffer.from(bytes).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, content, key, signature.bytes);
  }
  const expected = createHmac('sha256', bytes).update(content).digest();
  return signature.bytes.byteLength === expected.byteLength && timingSafeEqual(signature.bytes, expected);
}
