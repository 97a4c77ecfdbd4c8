import { timingSafeEqual } from 'node:crypto';
import type { ApiError } from './api-error.ts';

/** The one account the sandbox knows. */
export interface Credentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** The STS token that must come with the key pair; without one, a call that carries a token is refused. */
  readonly token?: string;
}

/** The documented tolerance between the caller's clock and the server's, in seconds. */
const TIMESTAMP_TOLERANCE_S = 300;

export type SignatureCheck =
  | { readonly kind: 'valid' }
  | { readonly kind: 'refused'; readonly error: ApiError };

export function refused(error: ApiError): SignatureCheck {
  return { kind: 'refused', error };
}

export function isFresh(timestampS: number, nowMs: number): boolean {
  return Math.abs(Math.floor(nowMs / 1000) - timestampS) <= TIMESTAMP_TOLERANCE_S;
}

/** Whether two texts are equal, in a time that does not depend on where they differ. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
