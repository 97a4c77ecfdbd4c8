import type { AuditEntry } from '../../audit/audit-entry.ts';
import type { StoreKeys } from '../keys.ts';
import type { Redis } from '../redis/redis-client.ts';
import { readAuditBackwards } from './audit-trail.ts';

export interface AuditSearch {
  /** The name of an operator, the id of a client, or `worker`; undefined: anyone. */
  readonly actor?: string | undefined;
  /** What it was done to: a verification, a client (with its endpoints), an operator's name. */
  readonly target?: string | undefined;
  /** ms epoch, both included */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  /** Entries before this number; null: from the end. */
  readonly before: number | null;
}

/** Looked at in one request: a search for what is rare goes on with the next. */
const MOST_LOOKED_AT = 2_000;
const PAGE = 200;

/**
 * Entries of the trail that fit, the latest first.
 *
 * @returns `before`: where to go on, also after a page without a find; null at the end
 */
export async function searchAudit(
  redis: Redis,
  keys: StoreKeys,
  search: AuditSearch,
): Promise<{ readonly entries: readonly AuditEntry[]; readonly before: number | null }> {
  const entries: AuditEntry[] = [];
  let { before } = search;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += PAGE) {
    const lines = await readAuditBackwards(redis, keys, { before, limit: PAGE });
    for (const line of lines) {
      if (line === null) continue;
      const { entry } = line;
      before = entry.number;
      if (Date.parse(entry.at) < search.from) return { entries, before: null };
      if (fits(entry, search)) entries.push(entry);
      if (entries.length === search.limit) return { entries, before };
    }
    if (lines.length < PAGE) return { entries, before: null };
  }
  return { entries, before };
}

function fits({ at, actor, target }: AuditEntry, search: AuditSearch): boolean {
  const isByActor = search.actor === undefined || actor === search.actor;
  const wanted = search.target;
  const isOnTarget = wanted === undefined || target === wanted || (target?.startsWith(`${wanted} `) ?? false);
  return isByActor && isOnTarget && Date.parse(at) <= search.to;
}
