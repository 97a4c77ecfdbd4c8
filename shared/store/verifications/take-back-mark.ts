import { loadScript } from '../redis/script.ts';
import type { ClaimContext } from './claim.ts';

const takeBackScript = loadScript(new URL('../scripts/take-back-mark.lua', import.meta.url));

/** Takes a mark back whose request surely never left. The mark of any other call stays. */
export async function takeBackMark(
  { redis, keys }: ClaimContext,
  { id, call }: { id: string; call: string },
): Promise<void> {
  await takeBackScript(redis, [keys.record(id)], [call, keys.tag]);
}
