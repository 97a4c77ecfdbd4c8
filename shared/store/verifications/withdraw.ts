import { loadScript } from '../redis/script.ts';
import type { VerificationStore } from './verification-store.ts';

const withdraw = loadScript(new URL('../scripts/withdraw.lua', import.meta.url));

/**
 * Undoes an acceptance that was answered 503: record, subject and index entries go, as if it had never been. Not a
 * cancellation, which a client may see.
 *
 * @returns `missing` leaves the ciphertext where it is: the acceptance may still be on its way to Redis
 */
export async function withdrawVerification(
  { redis, keys, subjects }: VerificationStore,
  { id, clientId }: { id: string; clientId: string },
): Promise<'withdrawn' | 'too_late' | 'missing'> {
  const reply = await withdraw(
    redis,
    [keys.record(id), keys.subject(id), keys.photosStored(), keys.unfinishedIndex()],
    [id, keys.tag, clientId],
  );
  const result = reply as 'withdrawn' | 'too_late' | 'missing';
  if (result === 'withdrawn') await subjects.delete(id);
  return result;
}
