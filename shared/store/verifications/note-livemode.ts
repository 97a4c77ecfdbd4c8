import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import type { VerificationRecord } from './verification-record.ts';

// A record that has been erased is not brought back.
const noteLivemodeScript = defineScript({
  name: 'noteLivemode',
  keys: 1,
  lua: `
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HEXISTS', KEYS[1], 'outcome') == 0 then
  redis.call('HSET', KEYS[1], 'livemode', ARGV[1])
end
return 1
`,
});

/**
 * Writes down who answers a verification, before its outcome: a lane may be moved to another upstream, and what was
 * answered before stays what it was. As a rule the producer has written it with the submission, and nothing is to be done.
 *
 * @returns the record as it is now
 */
export async function noteLivemode(
  redis: Redis,
  keys: LaneKeys,
  record: VerificationRecord,
  livemode: boolean,
): Promise<VerificationRecord> {
  if (record.livemode === livemode || record.outcome !== null) return record;
  await noteLivemodeScript(redis, [keys.record(record.id)], [livemode ? '1' : '0']);
  return { ...record, livemode };
}
