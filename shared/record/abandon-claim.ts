import { defineScript } from '../redis/script.ts';
import type { ClaimContext } from './claim.ts';
import { moveStatusLua } from './lua.ts';

// `sentAt` stays: if the request had left, the next claim notes an attempt of unknown fate.
const abandonScript = defineScript({
  name: 'abandonClaim',
  keys: 2,
  lua: `
${moveStatusLua}
local record, inFlight = KEYS[1], KEYS[2]
local id, worker, indexPrefix = ARGV[1], ARGV[2], ARGV[3]
if redis.call('HGET', record, 'claimedBy') ~= worker then return 0 end
if redis.call('HINCRBY', inFlight, worker, -1) <= 0 then redis.call('HDEL', inFlight, worker) end
redis.call('HDEL', record, 'claimedBy')
moveStatus(record, indexPrefix, id, 'queued')
return 1
`,
});

/**
 * Ends a claim whose work ended in an error of ours. Without it the next worker would take the error for a crash, and a
 * verification that meets two of them for one that kills workers.
 */
export async function abandonClaim({ redis, keys, workerId }: ClaimContext, id: string): Promise<void> {
  await abandonScript(redis, [keys.record(id), keys.inFlight()], [id, workerId, keys.indexPrefix()]);
}
