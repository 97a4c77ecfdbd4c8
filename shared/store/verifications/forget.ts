import { loadScript } from '../redis/script.ts';
import type { VerificationStore } from './verification-store.ts';

const forgetScript = loadScript(new URL('../scripts/forget.lua', import.meta.url));

/**
 * Deletes all that is kept of a final verification, once its time is over.
 *
 * @param clientId whose verification it must be; null: anybody's
 */
export async function forgetVerification(
  { redis, keys }: VerificationStore,
  { id, clientId }: { id: string; clientId: string | null },
): Promise<'forgotten' | 'not_final' | 'missing'> {
  const reply = await forgetScript(
    redis,
    [keys.record(id), keys.deliveryLog(id), keys.retention(), keys.deadLetters()],
    [id, keys.tag, clientId ?? ''],
  );
  return reply as 'forgotten' | 'not_final' | 'missing';
}
