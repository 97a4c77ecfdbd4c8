import { noticeTypes } from '../../contract/event-type.ts';
import { writeNotice } from '../notices/written-notice.ts';
import { loadScript } from '../redis/script.ts';
import type { VerificationStore } from './verification-store.ts';

const forgetScript = loadScript(new URL('../scripts/forget.lua', import.meta.url));

/**
 * Deletes all that is kept of a final verification, once its time is over. Its client gets a `subject.erased`, if it asks for
 * that.
 *
 * @param clientId whose verification it must be; null: anybody's
 * @param now ms epoch
 */
export async function forgetVerification(
  { redis, keys }: VerificationStore,
  { id, clientId, now }: { id: string; clientId: string | null; now: number },
): Promise<'forgotten' | 'not_final' | 'missing'> {
  const notice = writeNotice({
    type: noticeTypes.erased,
    timestamp: new Date(now).toISOString(),
    data: { id, by: 'retention' },
  });
  const reply = await forgetScript(
    redis,
    [keys.record(id), keys.deliveryLog(id), keys.retention(), keys.deadLetters()],
    [id, keys.tag, clientId ?? '', notice.id, notice.body],
  );
  return reply as 'forgotten' | 'not_final' | 'missing';
}
