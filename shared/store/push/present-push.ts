import type { Endpoint } from '../../contract/endpoint.ts';
import type { PushEndpoint } from './push-endpoint.ts';
import type { PushState } from './push-state.ts';

/** What is shown of every endpoint, whosever it is. @param state null: it was removed just now, or its position is lost */
export function presentPush(
  { id, url, ratePerSecond, enabled, createdAt }: PushEndpoint,
  state: PushState | null,
): Omit<Endpoint, 'types' | 'auth'> {
  const { after = 0, attempts = 0, nextAt = null, dead = 0, latest = null } = state ?? {};
  return {
    id,
    url,
    ratePerSecond,
    status: statusOf(enabled, state),
    after,
    attempts,
    nextAttemptAt: nextAt === null ? null : new Date(nextAt).toISOString(),
    dead,
    latest,
    createdAt: new Date(createdAt).toISOString(),
  };
}

function statusOf(enabled: boolean, state: PushState | null): Endpoint['status'] {
  if (!enabled) return 'disabled';
  const status = state?.health.status;
  if (status === 'disabled') return 'held';
  return status === 'failing' ? 'failing' : 'active';
}
