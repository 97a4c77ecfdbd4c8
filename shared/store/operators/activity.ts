import type { Redis } from 'ioredis';
import { operatorActor } from '../../audit/actor.ts';
import type { AuditEvent, AuditLine } from '../../audit/audit-entry.ts';
import { kindOfTarget } from '../../audit/target-kind.ts';
import { readAuditBackwards } from '../audit/audit-trail.ts';
import type { StoreKeys } from '../keys.ts';

/** What an operator did. No subject, and no text of a request: the log has the reason of a pause. */
export interface OperatorActivity {
  readonly operator: string;
  /** `pause_lane`, `redeliver` … */
  readonly action: string;
  /** The id it was done to: a verification, a client, an endpoint, an operator; null for the lane as a whole. */
  readonly target: string | null;
  /** What came of it. */
  readonly result: string;
}

export interface NotedActivity extends OperatorActivity {
  readonly number: number;
  readonly at: string;
}

/** As the audit trail has it. */
export function auditOperator({ operator, action, target, result }: OperatorActivity): AuditEvent {
  return {
    ...operatorActor(operator),
    action,
    targetKind: kindOfTarget(action, target),
    target,
    result,
  };
}

/** Looked at in one go, and for one page at most. */
const BATCH = 500;
const MOST = 5_000;

export interface ActivityPage {
  /** The latest first. */
  readonly data: readonly NotedActivity[];
  /** Where the next, older page begins; null when there is none. */
  readonly before: number | null;
}

/**
 * What operators changed: the audit trail without what they looked at, and without what clients and the system did.
 *
 * @param before the number of the last entry that was looked at
 */
export async function listActivity(
  redis: Redis,
  keys: StoreKeys,
  { limit, before }: { readonly limit: number; readonly before: number | null },
): Promise<ActivityPage> {
  const found: NotedActivity[] = [];
  let at = before;
  for (let looked = 0; looked < MOST; looked += BATCH) {
    const lines = await readAuditBackwards(redis, keys, { before: at, limit: BATCH });
    for (const line of lines) {
      const shown = line === null ? null : presentLine(line);
      if (shown === null) continue;
      if (found.length === limit) return { data: found, before: found.at(-1)?.number ?? null };
      found.push(shown);
    }
    if (lines.length < BATCH) return { data: found, before: null };
    at = lines.findLast((line) => line !== null)?.entry.number ?? null;
    if (at === null) return { data: found, before: null };
  }
  return { data: found, before: at };
}

function presentLine({ entry }: AuditLine): NotedActivity | null {
  const { actorKind, actor, action, target, result, number, at } = entry;
  if (actorKind !== 'operator' || isReading(action)) return null;
  return { operator: actor, action, target, result, number, at };
}

/** Actions that changed nothing. */
function isReading(action: string): boolean {
  return /^(?:read|search|export)_/.test(action);
}
