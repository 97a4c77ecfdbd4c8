import { loadScript } from '../redis/script.ts';
import type { ClaimContext } from './claim.ts';
import { callArguments, type NotedCall } from './noted-call.ts';

const noteCallScript = loadScript(new URL('../scripts/note-call.lua', import.meta.url));

/** Notes a call that decides nothing, as one that the upstream refused as too fast: the claim goes on, unmarked. */
export async function noteCall({ redis, keys }: ClaimContext, id: string, call: NotedCall): Promise<void> {
  await noteCallScript(redis, [keys.record(id)], callArguments(keys, call));
}
