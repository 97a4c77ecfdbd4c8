import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import type { VerificationRecord } from './verification-record.ts';

const noteLivemodeScript = loadScript(new URL('../scripts/note-livemode.lua', import.meta.url));

/**
 * Writes down who answers a verification, before its outcome: a lane may be moved to another upstream, and what was
 * answered before stays what it was. As a rule the producer has written it with the submission, and nothing is to be done.
 *
 * @returns the record as it is now
 */
export async function noteLivemode(
  redis: Redis,
  keys: StoreKeys,
  record: VerificationRecord,
  livemode: boolean,
): Promise<VerificationRecord> {
  if (record.livemode === livemode || record.outcome !== null) return record;
  await noteLivemodeScript(redis, [keys.record(record.id)], [livemode ? '1' : '0']);
  return { ...record, livemode };
}
