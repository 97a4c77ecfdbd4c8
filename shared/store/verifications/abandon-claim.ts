import { defineScript } from '../redis/script.ts';
import { holdsClaimLua, noteCallLua, noteLostCallLua } from './call-lua.ts';
import { type ClaimContext, CRASH_CODE } from './claim.ts';
import { moveStatusLua, releaseClaimLua } from './lua.ts';
import type { OwnedClaim } from './owned-claim.ts';

// Noted here and not by the next claim, because a client may cancel before there is one.
const abandonScript = defineScript({
  name: 'abandonClaim',
  keys: 2,
  lua: `
${moveStatusLua}
${releaseClaimLua}
${holdsClaimLua}
${noteCallLua}
${noteLostCallLua}
local record, inFlight = KEYS[1], KEYS[2]
local id, worker, token, indexPrefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local client, crashCode, day, ledgers = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
if not holdsClaim(record, worker, token) then return 0 end
releaseClaim(record, inFlight)
noteLostCall(record, ledgers, client, crashCode, day, '')
moveStatus(record, indexPrefix, id, 'queued')
return 1
`,
});

/**
 * Ends a claim whose work ended in an error of ours. Without it the next worker would take the error for a crash, and a
 * verification that meets two of them for one that kills workers. If its request had left, the call is noted as one of
 * unknown fate.
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
    [id, claim.workerId, claim.token, keys.indexPrefix(), clientId, CRASH_CODE, day, keys.ledger('')],
  );
}
