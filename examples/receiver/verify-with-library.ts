import { Webhook } from 'standardwebhooks';

/** @throws WebhookVerificationError when the signature or the time is wrong */
export function verifyEvent(
  body: Buffer, // exactly as received: not parsed and printed again
  headers: Record<string, string>,
  secret: string, // whsec_…
): unknown {
  return new Webhook(secret).verify(body, headers);
}
