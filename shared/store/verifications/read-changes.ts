import type { VerificationChange } from '../../contract/console-changes.ts';
import type { StoreKeys } from '../keys.ts';
import { readChangedIds } from '../queue/read-job-events.ts';
import type { Redis } from '../redis/redis-client.ts';
import { asOperatorSees } from './person-deferral.ts';
import { readRecords } from './read.ts';
import { readDeliveryLog } from './read-delivery-log.ts';
import type { VerificationRecord } from './verification-record.ts';

export interface Changes {
  readonly data: readonly VerificationChange[];
  readonly nextCursor: string;
  readonly isMore: boolean;
  readonly isMissed: boolean;
}

/**
 * The verifications to which something has happened since a cursor, as they are now: one that has been through several
 * states meanwhile is shown in the last of them. What is gone, or cannot be read, is left out.
 *
 * @param cursor null: from now on
 */
export async function readChanges(redis: Redis, keys: StoreKeys, cursor: string | null): Promise<Changes> {
  const { ids, cursor: nextCursor, isMore, isMissed } = await readChangedIds(redis, keys, cursor);
  const readings = await readRecords(redis, keys, ids);
  const data = await Promise.all(
    readings.flatMap((reading) =>
      reading.status === 'found' ? [describe(redis, keys, reading.record)] : [],
    ),
  );
  return { data, nextCursor, isMore, isMissed };
}

async function describe(
  redis: Redis,
  keys: StoreKeys,
  stored: VerificationRecord,
): Promise<VerificationChange> {
  const { id, clientId, reference, status, attempts, outcome, delivery } = asOperatorSees(stored);
  const last = delivery.attempts === 0 ? undefined : (await readDeliveryLog(redis, keys, id)).at(-1);
  return {
    ...{ id, clientId, reference, status },
    attempts: attempts.length,
    verdict: outcome?.verdict ?? null,
    code: outcome?.code ?? attempts.at(-1)?.code ?? null,
    delivery: delivery.status,
    deliveryAttempts: delivery.attempts,
    deliveryResult: last === undefined ? null : (last.status?.toString() ?? last.errorClass),
  };
}
