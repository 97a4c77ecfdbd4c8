import type { Logger } from 'pino';
import { countCallMade } from '../../shared/store/clients/calls-made.ts';
import { readRepeats } from '../../shared/store/clients/repeats.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import {
  computeExtension,
  type Extension,
  type LostTime,
} from '../../shared/store/verifications/promised-time.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { WorkerMetrics } from '../metrics.ts';

export interface PromiseKeeperDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  /** For how long slots were lost, over these accounts. */
  readonly readLost: (accounts: readonly string[] | undefined) => Promise<LostTime>;
  readonly metrics: Pick<WorkerMetrics, 'promisesBroken'>;
  readonly log: Logger;
}

export interface PromiseKeeper {
  /**
   * A request about this verification has left. Counts it, and whether its promise was kept; never rejects, and nothing needs to
   * wait for it.
   *
   * @param call its id
   * @param at ms epoch
   */
  noteCall(record: VerificationRecord, call: string, at: number): Promise<void>;
}

interface Promised {
  readonly isBroken: boolean;
  readonly extended: Extension | null;
}

/** What promises a time is worth is found out here, at the one place where the upstream is asked. */
export function createPromiseKeeper(deps: PromiseKeeperDeps): PromiseKeeper {
  // One claim may call several times about one record: refused as too fast, or with a clock put right.
  const called = new WeakSet<VerificationRecord>();
  return {
    noteCall: async (record, call, at) => {
      const isRepeat = record.attempts.length > 0 || called.has(record);
      called.add(record);
      try {
        const { isBroken, extended } = isRepeat ? KEPT : await comparePromise(deps, record, at);
        if (isBroken) reportBroken(deps, record, at, extended);
        const { id, clientId } = record;
        await countCallMade(deps.redis, deps.keys, { id, clientId, call, isRepeat, extended, at });
      } catch (error) {
        deps.log.debug(
          { event: 'call_not_counted', verification: record.id, reason: describeRedisError(error) },
          'a call is missing from the counts of the last minute',
        );
      }
    },
  };
}

const KEPT: Promised = { isBroken: false, extended: null };

async function comparePromise(
  { redis, keys, readLost }: PromiseKeeperDeps,
  { promise, clientId }: VerificationRecord,
  at: number,
): Promise<Promised> {
  if (promise === null || promise.isWaived || at <= promise.by) return KEPT;
  const [lost, repeats] = await Promise.all([readLost(promise.accounts), readRepeats(redis, keys, clientId)]);
  const extended = computeExtension(promise, { lost, repeats });
  return { isBroken: at > promise.by + (extended?.byMs ?? 0), extended };
}

function reportBroken(
  { metrics, log }: PromiseKeeperDeps,
  { id, clientId, priority, promise, submittedAt }: VerificationRecord,
  at: number,
  extended: Extension | null,
): void {
  metrics.promisesBroken.inc({ priority });
  const promisedMs = (promise?.by ?? at) - submittedAt;
  log.warn(
    {
      event: 'promise_broken',
      verification: id,
      client: clientId,
      priority,
      promisedMs,
      waitedMs: at - submittedAt,
      extendedMs: extended?.byMs ?? 0,
    },
    'the upstream was asked later than promised',
  );
}
