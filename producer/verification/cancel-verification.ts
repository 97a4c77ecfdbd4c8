import type { Verification } from '../../shared/contract/verification.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import { cancelVerification } from '../../shared/store/verifications/cancel.ts';
import type { VerificationStore } from '../../shared/store/verifications/verification-store.ts';
import { ProblemError } from '../problem.ts';
import type { ProducerQueues } from '../submission/enqueue.ts';
import { presentNow, readSurroundings } from '../waiting.ts';
import { readOwn } from './own-verification.ts';
import type { ShowDeps } from './show-verification.ts';

export interface CancelDeps extends ShowDeps, VerificationStore {
  readonly queues: ProducerQueues;
  readonly retentionMs: number;
}

/**
 * Cancels a client's verification that has not been sent upstream; cancelling twice is the same as once.
 *
 * @throws {ProblemError} not_found, too_late
 */
export async function cancelAndShow(deps: CancelDeps, id: string, clientId: string): Promise<Verification> {
  await cancel(deps, id, clientId);
  const [record, surroundings] = await Promise.all([
    readOwn(deps, id, clientId),
    readSurroundings(deps, clientId),
  ]);
  return presentNow(record, null, surroundings, deps.now());
}

async function cancel(deps: CancelDeps, id: string, clientId: string): Promise<void> {
  const { queues, retentionMs, log, now } = deps;
  const result = await cancelVerification(deps, {
    id,
    clientId,
    now: now(),
    retentionMs,
  });
  if (result === 'missing') throw new ProblemError('not_found');
  if (result === 'too_late') throw new ProblemError('too_late');
  log.info({ event: 'verification_cancelled', verification: id }, 'verification cancelled');
  try {
    // The record decides; a job that a worker has locked already, or that outlives this process, finds it cancelled.
    await queues.deliveries.remove(id, { removeChildren: true });
  } catch (error) {
    log.warn(
      { event: 'job_removal_failed', verification: id, reason: describeRedisError(error) },
      'cannot remove the jobs of a cancelled verification; a worker will',
    );
  }
}
