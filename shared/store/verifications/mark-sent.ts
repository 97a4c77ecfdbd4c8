import { loadScript } from '../redis/script.ts';
import type { ClaimContext } from './claim.ts';
import type { OwnedClaim } from './owned-claim.ts';

const markScript = loadScript(new URL('../scripts/mark-sent.lua', import.meta.url));

export interface LeavingCall {
  /** Of the verification. */
  readonly id: string;
  readonly claim: OwnedClaim;
  /** Of `makeRunToken`, of its own for each call to the upstream. */
  readonly call: string;
  /** RFC 3339 */
  readonly sentAt: string;
  /** Of the calls while interactive and bulk verifications wait, 0 to 1. @default 0 */
  readonly bulkShare?: number;
  /** The account is closed to all but this call, so what has failed before stays behind the others. */
  readonly isProbe?: boolean;
}

/**
 * Marks that the request is about to leave. Send it only on `marked`: on `lost` another run has the verification, and may
 * have asked already. The call's slot also
 * moves the order of all that waits (docs/decisions/0017).
 */
export async function markSent(
  { redis, keys }: ClaimContext,
  { id, claim, call, sentAt, bulkShare = 0, isProbe = false }: LeavingCall,
): Promise<'marked' | 'lost'> {
  const reply = await markScript(
    redis,
    [keys.record(id)],
    [claim.workerId, claim.token, call, 'sentAt', sentAt, keys.tag, bulkShare, isProbe ? '1' : '0', id],
  );
  return reply === 'marked' ? 'marked' : 'lost';
}
