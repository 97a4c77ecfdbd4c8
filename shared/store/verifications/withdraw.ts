import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

const withdraw = loadScript(new URL('../scripts/withdraw.lua', import.meta.url));

/**
 * Undoes an acceptance that was answered 503: record, subject and index entries go, as if it had never been. Not a
 * cancellation, which a client may see. The caller removes the jobs before.
 */
export async function withdrawVerification(
  redis: Redis,
  keys: LaneKeys,
  { id, clientId }: { id: string; clientId: string },
): Promise<'withdrawn' | 'too_late' | 'missing'> {
  const reply = await withdraw(
    redis,
    [keys.record(id), keys.subject(id), keys.photosStored(), keys.laneIndex()],
    [id, keys.indexPrefix(), clientId],
  );
  return reply as 'withdrawn' | 'too_late' | 'missing';
}
