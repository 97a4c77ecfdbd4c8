import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { ProblemError } from '../problem.ts';
import { requireAllowed, takeFromRate } from '../rate-limit.ts';

/** More than a person or a deployment needs. */
const CHANGES = { perSecond: 0.1, burst: 60 };

/** @throws {ProblemError} self_service_off: the client's operator has turned its own changes off */
export function requireSelfService({ selfService }: Pick<ClientIdentity, 'selfService'>): void {
  if (!selfService.enabled) throw new ProblemError('self_service_off');
}

/**
 * Lets a client change what belongs to it: its operator may have turned that off, and each change is one out of the client's rate.
 * Changes are kept in the audit trail for `AUDIT_RETENTION`: a client that made them in a loop would fill Redis.
 *
 * @throws {ProblemError} self_service_off, too_many_requests
 */
export async function limitChanges(
  redis: Redis,
  keys: StoreKeys,
  client: Pick<ClientIdentity, 'id' | 'selfService'>,
): Promise<void> {
  requireSelfService(client);
  requireAllowed(await takeFromRate(redis, keys.endpointChangeRate(client.id), CHANGES));
}
