import { randomUUID } from 'node:crypto';

/** RFC 5116, section 5.2: of AES-GCM. */
export const NONCE_BYTES = 12;

/**
 * A nonce that no one has had before: 96 random bits of those that Node.js has in store for its UUIDs. Drawing them from the system takes four
 * times as long, and a submission takes three. Nonces are no secrets: each stands in clear before what it sealed. Keys are
 * never drawn ahead of their use.
 *
 * The bits of a UUID that say its version and variant lie between the parts that are taken. A store of our own was rejected: what one
 * simulated run leaves in it, the next one would use.
 */
export function drawNonce(): Buffer {
  const uuid = randomUUID();
  return Buffer.from(uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(24), 'hex');
}
