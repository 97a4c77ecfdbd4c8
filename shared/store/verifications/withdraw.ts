import { loadScript } from '../redis/script.ts';
import type { VerificationStore } from './verification-store.ts';

const withdraw = loadScript(new URL('../scripts/withdraw.lua', import.meta.url));

/**
 * Undoes an acceptance that was answered 503: record, subject and index entries go, as if it had never been. Not a
 * cancellation, which a client may see.
 *
 * @returns `missing` when there is no record, or not yet: the acceptance may still be on its way to Redis
 */
export async function withdrawVerification(
  { redis, keys }: VerificationStore,
  { id, clientId }: { id: string; clientId: string },
): Promise<'withdrawn' | 'too_late' | 'missing'> {
  const reply = await withdraw(
    redis,
    [keys.record(id), keys.subject(id), keys.photosStored(), keys.unfinishedIndex(), keys.arrivingPhoto(id)],
    [id, keys.tag, clientId],
  );
  return reply as 'withdrawn' | 'too_late' | 'missing';
}
