import { describeRedisError } from '../../shared/store/redis/failure.ts';
import { type EnqueueDeps, withdraw } from './enqueue.ts';

export interface Withdrawals {
  /** As soon as Redis answers. */
  schedule(submission: { readonly id: string; readonly clientId: string }): void;
}

/** As many as a process can be asked for during an outage of a few seconds. */
const MAX_PENDING = 10_000;

/**
 * The transaction travels on a connection of its own: when Redis wakes up it may read this one first, and find nothing
 * yet. It reads the other within the same moment, so one more look decides it.
 */
const SECOND_LOOK_MS = 1_000;

interface Pending {
  readonly id: string;
  readonly clientId: string;
  readonly wasMissing: boolean;
}

/**
 * Submissions that were answered 503 although Redis may have taken them: it got the transaction and gave no answer. A
 * client without an Idempotency-Key has no way to find that verification, and will submit the person again; the first
 * one would be asked, and paid for, without a client that knows of it. It is taken back as soon as Redis answers, unless a worker was faster
 * or this process ends before.
 */
export function createWithdrawals(deps: EnqueueDeps): Withdrawals {
  const pending = new Map<string, Pending>();

  const withdrawOne = async (submission: Pending): Promise<void> => {
    const result = await withdraw(deps, submission);
    if (result !== 'missing' || submission.wasMissing) {
      if (result === 'missing') await deps.subjects.delete(submission.id);
      pending.delete(submission.id);
      deps.log.info(
        { event: 'submission_withdrawn', verification: submission.id, result },
        'reconciled what was unanswered',
      );
      return;
    }
    pending.set(submission.id, { ...submission, wasMissing: true });
    setTimeout(() => void withdrawAll(), SECOND_LOOK_MS).unref();
  };
  const withdrawAll = async (): Promise<void> => {
    for (const submission of [...pending.values()]) {
      try {
        await withdrawOne(submission);
      } catch (error) {
        deps.log.warn(
          { event: 'withdrawal_failed', verification: submission.id, reason: describeRedisError(error) },
          'cannot take back an unanswered submission yet',
        );
        return;
      }
    }
  };

  deps.redis.on('ready', () => void withdrawAll());
  return {
    schedule: ({ id, clientId }) => {
      if (pending.size < MAX_PENDING) pending.set(id, { id, clientId, wasMissing: false });
      // The connection for scripts may never have been away.
      if (deps.redis.status === 'ready') void withdrawAll();
    },
  };
}
