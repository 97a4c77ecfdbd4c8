import { loadScript } from '../redis/script.ts';
import { type ClaimContext, CRASH_CODE } from './claim.ts';
import type { OwnedClaim } from './owned-claim.ts';

const abandonScript = loadScript(new URL('../scripts/abandon-claim.lua', import.meta.url));

/**
 * Ends a claim whose work ended in an error of ours. Without it the next worker would take the error for a crash, and a
 * verification that meets two of them for one that kills workers. If its request had left, the call is noted as
 * indeterminate.
 *
 * @param day `yyyy-mm-dd` for the ledger
 */
export async function abandonClaim(
  { redis, keys }: ClaimContext,
  { id, clientId, claim, day }: { id: string; clientId: string; claim: OwnedClaim; day: string },
): Promise<void> {
  await abandonScript(
    redis,
    [keys.record(id), keys.inFlight()],
    [id, claim.workerId, claim.token, keys.tag, clientId, CRASH_CODE, day],
  );
}
