import type { Logger } from 'pino';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import type { Client } from '../../shared/store/clients/client.ts';
import {
  type AuthOpening,
  openReceiverAuth,
  type StoredReceiverAuth,
} from '../../shared/store/clients/receiver-auth.ts';
import { DAY_MS } from '../../shared/time-units.ts';

export interface OpenAuthDeps {
  readonly keyRing: KeyRing;
  readonly log: Logger;
  /** When this process last warned of a certificate, by its fingerprint. */
  readonly warnedAt: Map<string, number>;
  /** ms epoch */
  readonly now: () => number;
}

/** Receivers refuse what is signed by a certificate that has expired; their client needs time to get another. */
const WARNED_BEFORE_MS = 14 * DAY_MS;

const MOST_REMEMBERED = 10_000;

/** What a receiver asks for beside the signature, in clear. A certificate that ends soon is logged once a day by each worker. */
export function openAuth(
  { keyRing, log, warnedAt, now }: OpenAuthDeps,
  { id: client }: Pick<Client, 'id'>,
  {
    receiver,
    url,
    stored,
  }: { readonly receiver: string; readonly url: string; readonly stored: StoredReceiverAuth | undefined },
): AuthOpening {
  if (stored === undefined) return { status: 'opened', auth: null };
  const opening = openReceiverAuth(keyRing, { clientId: client, receiver, url }, stored);
  if (opening.status === 'unreadable') {
    log.error(
      { event: 'receiver_auth_unreadable', client, receiver },
      'what a receiver asks for cannot be opened: its events wait',
    );
  }
  const { certificate } = stored;
  if (certificate === undefined || certificate.expiresAt - now() > WARNED_BEFORE_MS) return opening;
  const { fingerprint } = certificate;
  if (now() - (warnedAt.get(fingerprint) ?? Number.NEGATIVE_INFINITY) < DAY_MS) return opening;
  if (warnedAt.size >= MOST_REMEMBERED) warnedAt.clear();
  warnedAt.set(fingerprint, now());
  const expiresAt = new Date(certificate.expiresAt).toISOString();
  log.warn(
    { event: 'client_certificate_ends', client, receiver, fingerprint, expiresAt },
    'the certificate that is shown to a receiver ends soon, or has ended',
  );
  return opening;
}
