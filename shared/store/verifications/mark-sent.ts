import { loadScript } from '../redis/script.ts';
import type { ClaimContext } from './claim.ts';
import type { OwnedClaim } from './owned-claim.ts';

const markScript = loadScript(new URL('../scripts/mark-sent.lua', import.meta.url));

/**
 * Marks that the request is about to leave. Send it only on `marked`: on `lost` another run has the verification, and may
 * have asked already.
 *
 * @param call of `makeRunToken`, of its own for each call to the upstream
 * @param sentAt RFC 3339
 */
export async function markSent(
  { redis, keys }: ClaimContext,
  { id, claim, call, sentAt }: { id: string; claim: OwnedClaim; call: string; sentAt: string },
): Promise<'marked' | 'lost'> {
  const reply = await markScript(
    redis,
    [keys.record(id)],
    [claim.workerId, claim.token, call, 'sentAt', sentAt],
  );
  return reply === 'marked' ? 'marked' : 'lost';
}
