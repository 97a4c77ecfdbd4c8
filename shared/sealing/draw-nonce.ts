import { randomFillSync } from 'node:crypto';

/** RFC 5116, section 5.2: of AES-GCM. */
export const NONCE_BYTES = 12;
const NONCES_AT_ONCE = 256;

const drawn = Buffer.alloc(NONCE_BYTES * NONCES_AT_ONCE);
let used = drawn.length;

/**
 * A nonce that no one has had before. They are drawn many at a time, because each draw costs the same few microseconds whatever
 * its size, and a submission takes three. Nonces are no secrets: each stands in clear before what it sealed. Keys are never
 * drawn ahead of their use.
 *
 * @returns bytes that the caller must not change
 */
export function drawNonce(): Buffer {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  // A copy: these bytes are drawn again later.
  const nonce = Buffer.from(drawn.subarray(used, used + NONCE_BYTES));
  used += NONCE_BYTES;
  return nonce;
}
