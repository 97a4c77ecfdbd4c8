import type { Redis } from 'ioredis';
import type { AuditEvent } from '../../audit/audit-entry.ts';
import type { SigningKey } from '../../signing/signing-keys.ts';
import type { StoreKeys } from '../keys.ts';
import { describeRedisError } from '../redis/failure.ts';
import type { RedisLog } from '../redis/redis-log.ts';
import { chainAudit, noteAudit } from './audit-trail.ts';

/** A process' way to the audit trail. */
export interface Audit {
  readonly signingKey: SigningKey | null;
  /**
   * Writes down what was done: it is in Redis when this returns, and in the chain a moment later. What has been done is no
   * failure when Redis does not take the event: the log has it then.
   */
  note(...events: AuditEvent[]): Promise<void>;
  /** For scripts that have written an event with the change: it is put into the chain in the background. */
  chainSoon(): void;
  /** Everything that waited is in the chain when this returns. @throws whatever ioredis throws */
  chain(): Promise<void>;
}

export interface AuditDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly signingKey: SigningKey | null;
  readonly log: RedisLog;
}

export function createAudit({ log, ...given }: AuditDeps): Audit {
  const onUnsigned = (waiting: number): void =>
    log.warn(
      { event: 'audit_unsigned', waiting },
      'no process has SIGNING_KEYS any more: the audit trail goes on unsigned',
    );
  const deps = { ...given, onUnsigned };
  let chaining: Promise<void> | null = null;
  let again = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await chainAudit(deps);
    } while (again);
  };
  const chain = (): Promise<void> => {
    // What came after the run under way has looked is seen to in one more round.
    again = true;
    chaining ??= run().finally(() => {
      chaining = null;
    });
    return chaining;
  };
  const chainSoon = (): void => {
    chain().catch((error: unknown) =>
      log.warn(
        { event: 'audit_not_chained', reason: describeRedisError(error) },
        'what was done waits for its place in the audit trail',
      ),
    );
  };
  return {
    signingKey: deps.signingKey,
    note: async (...events) => {
      try {
        await noteAudit(deps.redis, deps.keys, ...events);
      } catch (error) {
        log.warn(
          { event: 'audit_event_lost', events, reason: describeRedisError(error) },
          'the audit trail lacks what this log has',
        );
        return;
      }
      chainSoon();
    },
    chainSoon,
    chain,
  };
}
