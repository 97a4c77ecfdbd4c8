import { loadScript } from '../redis/script.ts';
import type { VerificationStore } from '../verifications/verification-store.ts';

const dropScript = loadScript(new URL('../scripts/drop-notices.lua', import.meta.url));

/**
 * Takes notices out of their clients' feeds that were kept for long enough. Those about a verification go with it before.
 *
 * @param limit at most so many
 * @returns how many were looked at
 */
export async function dropNotices(
  { redis, keys }: VerificationStore,
  { keptMs, limit }: { readonly keptMs: number; readonly limit: number },
): Promise<number> {
  return Number(await dropScript(redis, [keys.notices()], [keys.tag, keptMs, limit]));
}
