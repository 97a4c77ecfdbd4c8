import { z } from 'zod';
import { getNewestKey, type KeyRing } from '../../sealing/key-ring.ts';
import { unwrapSecret, type WrapContext, wrapSecret } from '../../sealing/key-wrap.ts';

/** One signing secret at rest: of a client's callback, or of an endpoint beside it. */
export const storedSecret = z.object({
  /** Base64 of the wrapped secret (`shared/sealing/key-wrap.ts`). */
  sealed: z.string(),
  /** ms epoch after which it no longer signs; null for the current one */
  retiresAt: z.number().nullable(),
});
export type StoredSecret = z.infer<typeof storedSecret>;

/** Each event is signed with all of them, in one header: a client that rotates without end must not make it grow. */
export const MOST_SECRETS = 5;

/** The current secret as it rests. @param secret `whsec_…` */
export function storeSecret(keyRing: KeyRing, context: WrapContext, secret: string): StoredSecret {
  const sealed = wrapSecret(keyRing, context, Buffer.from(secret, 'utf8'));
  return { sealed: sealed.toString('base64'), retiresAt: null };
}

/** Those that sign now, in clear, newest first. One that the ring does not open is left out. @param now ms epoch */
export function openSecrets(
  keyRing: KeyRing,
  context: WrapContext,
  secrets: readonly StoredSecret[],
  now: number,
): readonly string[] {
  return secrets
    .filter((secret) => signsAt(secret, now))
    .flatMap(({ sealed }) => {
      const opening = unwrapSecret(keyRing, context, Buffer.from(sealed, 'base64'));
      return opening.status === 'opened' ? [opening.bytes.toString('utf8')] : [];
    });
}

/** Those that sign beside a new one, for so long at most. @param until ms epoch */
export function retireSecrets(
  secrets: readonly StoredSecret[],
  { until, now }: { readonly until: number; readonly now: number },
): readonly StoredSecret[] {
  return secrets
    .filter((secret) => signsAt(secret, now))
    .map((secret) => ({ ...secret, retiresAt: Math.min(secret.retiresAt ?? Infinity, until) }));
}

const signsAt = ({ retiresAt }: StoredSecret, now: number): boolean => retiresAt === null || retiresAt > now;

export interface SecretRewrapping {
  /** In their order; one that the ring does not open stays as it is. */
  readonly secrets: readonly StoredSecret[];
  readonly rewrapped: number;
  readonly unreadable: number;
}

/** Wraps with the newest key of the ring what another key has wrapped. */
export function rewrapSecrets(
  keyRing: KeyRing,
  context: WrapContext,
  secrets: readonly StoredSecret[],
): SecretRewrapping {
  const newest = getNewestKey(keyRing).id;
  const counts = { rewrapped: 0, unreadable: 0 };
  const rewrapOne = (secret: StoredSecret): StoredSecret => {
    const opening = unwrapSecret(keyRing, context, Buffer.from(secret.sealed, 'base64'));
    if (opening.status === 'unreadable') {
      counts.unreadable += 1;
      return secret;
    }
    try {
      if (opening.keyId === newest) return secret;
      counts.rewrapped += 1;
      return { ...secret, sealed: wrapSecret(keyRing, context, opening.bytes).toString('base64') };
    } finally {
      opening.bytes.fill(0);
    }
  };
  return { secrets: secrets.map(rewrapOne), ...counts };
}
