import { clientActor } from '../../shared/audit/actor.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import { eraseVerification } from '../../shared/store/verifications/erase.ts';
import type { VerificationStore } from '../../shared/store/verifications/verification-store.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import type { ProducerLog } from '../producer-log.ts';
import type { ProducerQueues } from '../submission/enqueue.ts';

export interface EraseDeps extends VerificationStore {
  readonly queues: ProducerQueues;
  readonly audit: Pick<Audit, 'chainSoon'>;
  readonly auditRetentionMs: number;
  /** ms epoch */
  readonly now: () => number;
  readonly log: ProducerLog;
}

/** An upstream call or a delivery attempt is over by then, as a rule. */
const BUSY_RETRY_SECONDS = 5;

/** Leaves nothing of a verification. @throws {ProblemError} when it is not the client's, or a worker holds it */
export async function erase(
  deps: EraseDeps,
  { id, clientId }: { readonly id: string; readonly clientId: string },
): Promise<void> {
  const { queues, audit, auditRetentionMs, log, now } = deps;
  const by = clientActor(clientId);
  const erasure = await eraseVerification(deps, {
    id,
    clientId,
    by,
    keptMs: auditRetentionMs,
    now: now(),
  });
  if (erasure.status === 'missing') throw new ProblemError('not_found');
  if (erasure.status === 'busy') {
    throw new ProblemError('being_processed', { headers: retryAfter(BUSY_RETRY_SECONDS) });
  }
  audit.chainSoon();
  log.info({ event: 'verification_erased', verification: id }, 'verification erased');
  try {
    // They hold ids alone. One that a worker has taken meanwhile finds no record, and ends.
    for (const job of erasure.deliveryJobs) await queues.deliveries.remove(job, { removeChildren: true });
  } catch (error) {
    log.warn(
      { event: 'job_removal_failed', verification: id, reason: describeRedisError(error) },
      'cannot remove the jobs of an erased verification; a worker will',
    );
  }
}
