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
/** A cluster whose one shard fails over does not become ready again: it was all the time. */
const RETRY_MS = 1_000;

interface Pending {
  readonly id: string;
  readonly clientId: string;
  readonly wasMissing: boolean;
  /** `performance.now()`; not to be looked at before. */
  readonly dueAt: number;
}

/**
 * Submissions that were answered 503 although Redis may have taken them: it got the transaction and gave no answer. A
 * client without an Idempotency-Key has no way to find that verification, and will submit the person again; the first
 * one would be asked, and paid for, without a client that knows of it. It is taken back as soon as Redis answers, unless a worker was faster
 * or this process ends before.
 *
 * One round at a time looks at each that is due, once: an outage leaves thousands of them, and a round for each new one would ask
 * Redis for all the others again.
 */
export function createWithdrawals(deps: EnqueueDeps): Withdrawals {
  const pending = new Map<string, Pending>();
  let isLooking = false;
  let isTimed = false;

  /** Looks again after so long, or earlier if that was wanted before. */
  const lookIn = (ms: number) => {
    if (isTimed) return;
    isTimed = true;
    setTimeout(() => {
      isTimed = false;
      void look();
    }, ms).unref();
  };
  const look = async (): Promise<void> => {
    // What becomes due meanwhile is found by the round that goes on, or by the timer it leaves behind.
    if (isLooking || deps.redis.status !== 'ready') return;
    isLooking = true;
    try {
      for (let due = listDue(pending); due.length > 0; due = listDue(pending)) {
        for (const submission of due) await reconcile(deps, pending, submission);
      }
      if (pending.size > 0) lookIn(SECOND_LOOK_MS);
    } catch (error) {
      deps.log.warn(
        { event: 'withdrawal_failed', pending: pending.size, reason: describeRedisError(error) },
        'cannot take back unanswered submissions yet',
      );
      lookIn(RETRY_MS);
    } finally {
      isLooking = false;
    }
  };

  deps.redis.on('ready', () => void look());
  return {
    schedule: ({ id, clientId }) => {
      if (pending.size < MAX_PENDING) {
        pending.set(id, { id, clientId, wasMissing: false, dueAt: performance.now() });
      }
      // The connection for scripts may never have been away.
      void look();
    },
  };
}

function listDue(pending: ReadonlyMap<string, Pending>): readonly Pending[] {
  const now = performance.now();
  return [...pending.values()].filter(({ dueAt }) => dueAt <= now);
}

async function reconcile(
  deps: EnqueueDeps,
  pending: Map<string, Pending>,
  submission: Pending,
): Promise<void> {
  const result = await withdraw(deps, submission);
  if (result === 'missing' && !submission.wasMissing) {
    const dueAt = performance.now() + SECOND_LOOK_MS;
    pending.set(submission.id, { ...submission, wasMissing: true, dueAt });
    return;
  }
  pending.delete(submission.id);
  deps.log.info(
    { event: 'submission_withdrawn', verification: submission.id, result },
    'reconciled what was unanswered',
  );
}
