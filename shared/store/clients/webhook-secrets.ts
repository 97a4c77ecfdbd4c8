import { randomBytes } from 'node:crypto';
import { getNewestKey, type KeyRing } from '../../sealing/key-ring.ts';
import { unwrapSecret, wrapSecret } from '../../sealing/key-wrap.ts';
import { generateWebhookSecret } from '../../sealing/webhook-secret.ts';
import { type ClientStore, parseWebhookSecrets, type StoredSecret, secretContext } from './client.ts';
import { storeWebhookSecret } from './create-client.ts';
import { replaceField } from './replace-field.ts';

export interface SecretRotation {
  /** Shown once. */
  readonly webhookSecret: string;
  /** ms epoch until which the one before signs as well. */
  readonly previousSignsUntil: number;
}

/**
 * Gives a client a new signing secret. The current one signs beside it during the overlap, so that a receiver verifies
 * every event whether or not it knows the new one yet.
 *
 * @returns null when there is no such client
 */
export async function rotateWebhookSecret(
  { redis, keys, keyRing }: ClientStore,
  clientId: string,
  { overlapMs, now }: { readonly overlapMs: number; readonly now: number },
): Promise<SecretRotation | null> {
  const webhookSecret = generateWebhookSecret(randomBytes);
  const stored = storeWebhookSecret(keyRing, clientId, webhookSecret);
  const previousSignsUntil = now + overlapMs;
  const result = await replaceField(redis, keys, { clientId, field: 'webhookSecrets' }, (present) => {
    const older = parseWebhookSecrets(present)
      .filter(({ retiresAt }) => retiresAt === null || retiresAt > now)
      .map((secret) => ({
        ...secret,
        retiresAt: Math.min(secret.retiresAt ?? Infinity, previousSignsUntil),
      }));
    return { value: JSON.stringify([stored, ...older]) };
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
    const secrets = parseWebhookSecrets(present);
    const rewrapped = secrets.map((secret) => rewrapOne(keyRing, clientId, secret));
    unreadable = rewrapped.includes('unreadable');
    const next = rewrapped.map((secret, i) => (typeof secret === 'string' ? secrets[i] : secret));
    return rewrapped.some((secret) => typeof secret !== 'string') ? { value: JSON.stringify(next) } : null;
  });
  if (result === 'missing') return 'missing';
  if (unreadable) return 'unreadable';
  return result === 'replaced' ? 'rewrapped' : 'current';
}

function rewrapOne(
  keyRing: KeyRing,
  clientId: string,
  secret: StoredSecret,
): StoredSecret | 'current' | 'unreadable' {
  const context = secretContext(clientId);
  const opening = unwrapSecret(keyRing, context, Buffer.from(secret.sealed, 'base64'));
  if (opening.status === 'unreadable') return 'unreadable';
  try {
    if (opening.keyId === getNewestKey(keyRing).id) return 'current';
    return { ...secret, sealed: wrapSecret(keyRing, context, opening.bytes).toString('base64') };
  } finally {
    opening.bytes.fill(0);
  }
}
