import { defineScript } from '../redis/script.ts';
import { holdsClaimLua } from './call-lua.ts';
import type { ClaimContext } from './claim.ts';
import type { OwnedClaim } from './owned-claim.ts';

const noteScript = defineScript({
  name: 'noteRunAlone',
  keys: 1,
  lua: `
${holdsClaimLua}
local record, worker, token = KEYS[1], ARGV[1], ARGV[2]
if not holdsClaim(record, worker, token) then return 'lost' end
redis.call('HSET', record, 'ranAlone', token)
return 'noted'
`,
});

/** Notes that from now on its process has nothing else to ask about: a death under this claim has no other verification as its cause. */
export async function noteRunAlone(
  { redis, keys }: ClaimContext,
  { id, claim }: { id: string; claim: OwnedClaim },
): Promise<'noted' | 'lost'> {
  const reply = await noteScript(redis, [keys.record(id)], [claim.workerId, claim.token]);
  return reply === 'noted' ? 'noted' : 'lost';
}
