import type { Logger } from 'pino';
import { WORKER } from '../../shared/audit/actor.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { noteHeadReported, PRUNED_AT_ONCE, pruneAudit } from '../../shared/store/audit/audit-state.ts';
import { adoptActivity } from '../../shared/store/audit/audit-trail.ts';
import { readAuditHead } from '../../shared/store/audit/read-audit-page.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { SweepStep } from './sweep-deps.ts';

export interface KeepAuditDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly audit: Audit;
  readonly auditRetentionMs: number;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Puts what others have left into the chain, drops what was kept long enough, and logs where the trail ends: the log is kept
 * outside Redis, so that an end that was cut off is found.
 */
export function createKeepAudit({ auditRetentionMs, ...deps }: KeepAuditDeps): SweepStep {
  const { redis, keys, audit, log, now } = deps;
  const { signingKey } = audit;
  let reported = 0;
  let waitsForKey = false;
  return {
    name: 'audit',
    run: async () => {
      await adoptActivity(redis, keys);
      await audit.chain();
      const dropped = await pruneAudit(
        { redis, keys, signingKey },
        { retentionMs: auditRetentionMs, now: now() },
      );
      if (dropped > 0) {
        await audit.note({
          ...WORKER,
          action: 'drop_old_entries',
          targetKind: 'audit',
          target: null,
          result: 'dropped',
          details: { dropped },
        });
      }
      const { number, hash, signed, waiting } = await readAuditHead({ redis, keys, signingKey, now });
      if (waiting === 0 || signingKey !== null) waitsForKey = false;
      else if (!waitsForKey) {
        waitsForKey = true;
        log.warn(
          { event: 'audit_waits_for_key', waiting },
          'the audit trail was signed, and this process has no SIGNING_KEYS: what was done waits for a process that has them',
        );
      }
      if (number > reported && (await noteHeadReported(redis, keys, number))) {
        log.info(
          { event: 'audit_head', lane: keys.lane, number, hash, ...(signed === null ? {} : { signed }) },
          'where the audit trail ends',
        );
      }
      reported = number;
      // Otherwise a trail that grows by more than one batch between two sweeps would grow without end.
      return dropped >= PRUNED_AT_ONCE;
    },
  };
}
