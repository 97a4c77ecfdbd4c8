import { randomBytes } from 'node:crypto';
import { generateWebhookSecret } from '../../sealing/webhook-secret.ts';
import { type ClientStore, parseWebhookSecrets, secretContext } from './client.ts';
import { replaceField } from './replace-field.ts';
import { MOST_SECRETS, retireSecrets, rewrapSecrets, storeSecret } from './signing-secrets.ts';

export interface SecretRotation {
  /** Shown once. */
  readonly webhookSecret: string;
  /** ms epoch until which the one before signs as well. */
  readonly previousSignsUntil: number;
}

/**
 * Gives a client a new signing secret. The current one signs beside it during the overlap, so that a receiver verifies
 * every event whether or not it knows the new one yet. The latest five sign at most.
 *
 * @returns null when there is no such client
 */
export async function rotateWebhookSecret(
  { redis, keys, keyRing }: ClientStore,
  clientId: string,
  { overlapMs, now }: { readonly overlapMs: number; readonly now: number },
): Promise<SecretRotation | null> {
  const webhookSecret = generateWebhookSecret(randomBytes);
  const stored = storeSecret(keyRing, secretContext(clientId), webhookSecret);
  const previousSignsUntil = now + overlapMs;
  const result = await replaceField(redis, keys, { clientId, field: 'webhookSecrets' }, (present) => {
    const others = parseWebhookSecrets(present).filter(({ sealed }) => sealed !== stored.sealed);
    const older = retireSecrets(others, { until: previousSignsUntil, now });
    return { value: JSON.stringify([stored, ...older].slice(0, MOST_SECRETS)) };
  });
  return result === 'missing' ? null : { webhookSecret, previousSignsUntil };
}

export type SecretsRewrapping = 'rewrapped' | 'current' | 'unreadable' | 'missing';

/** Wraps a client's secrets again, with the newest key of the ring; `unreadable` when the ring does not open one. */
export async function rewrapWebhookSecrets(
  { redis, keys, keyRing }: ClientStore,
  clientId: string,
): Promise<SecretsRewrapping> {
  let unreadable = false;
  const result = await replaceField(redis, keys, { clientId, field: 'webhookSecrets' }, (present) => {
    const { secrets, rewrapped, ...others } = rewrapSecrets(
      keyRing,
      secretContext(clientId),
      parseWebhookSecrets(present),
    );
    unreadable = others.unreadable > 0;
    return rewrapped > 0 ? { value: JSON.stringify(secrets) } : null;
  });
  if (result === 'missing') return 'missing';
  if (unreadable) return 'unreadable';
  return result === 'replaced' ? 'rewrapped' : 'current';
}
