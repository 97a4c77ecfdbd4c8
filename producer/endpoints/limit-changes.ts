import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { requireAllowed, takeFromRate } from '../rate-limit.ts';

/** More than a person or a deployment needs. */
const CHANGES = { perSecond: 0.1, burst: 60 };

/**
 * Takes one change of its endpoints out of a client's rate. Each is kept in the audit trail for `AUDIT_RETENTION`: a client that
 * changes them in a loop would fill Redis.
 *
 * @throws {ProblemError} too_many_requests
 */
export async function limitChanges(redis: Redis, keys: StoreKeys, clientId: string): Promise<void> {
  requireAllowed(await takeFromRate(redis, keys.endpointChangeRate(clientId), CHANGES));
}
