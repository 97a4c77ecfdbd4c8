import type { RandomBytes } from './key-ring.ts';

/** @returns a signing secret as Standard Webhooks writes it: `whsec_` and the Base64 of 24 to 64 bytes, here 32 */
export function generateWebhookSecret(random: RandomBytes): string {
  return `whsec_${random(32).toString('base64')}`;
}
