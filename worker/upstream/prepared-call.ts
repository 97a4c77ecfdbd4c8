import { hashPayload } from '../../shared/upstream/tc3-signature.ts';
import type { FieldEncryptor } from './field-encryption.ts';
import { buildRequestBody, type Subject } from './request-body.ts';

/** A request ready to go: encoded, serialized and hashed. May be called more than once. */
export interface PreparedCall {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly bodyBytes: number;
  readonly payloadHash: string;
}

/** Does everything heavy. With encryption every call has a key and an IV of its own. */
export async function prepareCall(
  subject: Subject,
  encrypt: FieldEncryptor | undefined,
): Promise<PreparedCall> {
  const { whole, head, tail } = buildRequestBody(subject, encrypt);
  return {
    head,
    tail,
    bodyBytes: whole.length,
    payloadHash: await hashBody(whole),
  };
}

/** Up to here hashing (0.1 ms) costs less than handing a copy to another thread. */
const HASHED_HERE_BYTES = 131_072;

/** Larger bodies are hashed off the event loop: 4 MB there would make other requests' last bytes late. */
async function hashBody(body: Buffer): Promise<string> {
  if (body.length <= HASHED_HERE_BYTES) return hashPayload(body);
  return Buffer.from(await crypto.subtle.digest('SHA-256', body)).toString('hex');
}
