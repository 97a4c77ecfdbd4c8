import { loadScript } from '../redis/script.ts';
import type { ClaimContext } from './claim.ts';
import type { OwnedClaim } from './owned-claim.ts';

const noteScript = loadScript(new URL('../scripts/note-run-alone.lua', import.meta.url));

/** Notes that from now on its process has nothing else to ask about: a death under this claim has no other verification as its cause. */
export async function noteRunAlone(
  { redis, keys }: ClaimContext,
  { id, claim }: { id: string; claim: OwnedClaim },
): Promise<'noted' | 'lost'> {
  const reply = await noteScript(redis, [keys.record(id)], [claim.workerId, claim.token]);
  return reply === 'noted' ? 'noted' : 'lost';
}
