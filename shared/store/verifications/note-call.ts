import { defineScript } from '../redis/script.ts';
import { noteCallLua } from './call-lua.ts';
import type { ClaimContext } from './claim.ts';
import { callArguments, type NotedCall } from './noted-call.ts';

const noteCallScript = defineScript({
  name: 'noteCall',
  keys: 1,
  lua: `
${noteCallLua}
local record = KEYS[1]
local ledgers, call, attempt, isListed, day, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('EXISTS', record) == 0 then return 'missing' end
noteCall(record, ledgers, call, attempt, isListed, day, entry)
return 'noted'
`,
});

/** Notes a call that decides nothing, as one that the upstream refused for pace: the claim goes on, unmarked. */
export async function noteCall({ redis, keys }: ClaimContext, id: string, call: NotedCall): Promise<void> {
  await noteCallScript(redis, [keys.record(id)], callArguments(keys, call));
}
