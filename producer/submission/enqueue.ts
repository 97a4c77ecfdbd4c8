import type { StoreKeys } from '../../shared/store/keys.ts';
import { isDiscarded } from '../../shared/store/queue/atomic-flow.ts';
import type { JobQueue } from '../../shared/store/queue/job-queue.ts';
import { firstPlaces, verificationFlow } from '../../shared/store/queue/verification-flow.ts';
import type { ConfirmWrites } from '../../shared/store/redis/confirm-write.ts';
import { classifyRedisError, describeRedisError } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { SubjectFields, SubjectStore } from '../../shared/store/subjects/subject-store.ts';
import { type Acceptance, acceptedRecord, queueAcceptance } from '../../shared/store/verifications/accept.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { VerificationStore } from '../../shared/store/verifications/verification-store.ts';
import { withdrawVerification } from '../../shared/store/verifications/withdraw.ts';
import type { ProducerLog } from '../producer-log.ts';
import { positionOf, queuePosition } from '../waiting.ts';
import type { WatchedFlow } from './watched-flow.ts';

/** The producer only ever takes jobs away through these; it adds them as flows. */
export interface ProducerQueues {
  readonly deliveries: JobQueue;
  readonly verifications: JobQueue;
}

export interface EnqueueDeps {
  /** Scripts and reads; a connection of the `request` role. */
  readonly redis: Redis;
  /** The connection the flow goes through. */
  readonly flowRedis: Redis;
  readonly flow: WatchedFlow;
  /** What a 202 waits for beside Redis itself. */
  readonly confirmWrites: ConfirmWrites;
  readonly queues: ProducerQueues;
  readonly subjects: SubjectStore;
  readonly keys: StoreKeys;
  readonly log: ProducerLog;
}

/** What the transaction that accepts a verification answers of it. */
export interface Accepted {
  readonly record: VerificationRecord;
  /** In the line; null stands in none. */
  readonly position: number | null;
}

export type Enqueueing =
  | ({ readonly status: 'accepted' } & Accepted)
  /** Nothing of it is in Redis. */
  | { readonly status: 'refused'; readonly error: unknown }
  /** No answer came, or no confirmation: all of it is in Redis, or nothing. */
  | { readonly status: 'unknown'; readonly error: unknown };

/**
 * Puts record, sealed subject and both jobs into Redis, in one transaction. That also says all that its client is answered: asked
 * afterwards, its promise and its place would cost the submission two more round trips.
 *
 * Redis does not roll back: when a part of the transaction fails (memory full), the others stand. They are then taken
 * away again, so that no half of a verification remains. Where that fails too, only jobs can be left, never a record
 * without them: workers find that such jobs have no record, and end them.
 */
export async function enqueueVerification(deps: EnqueueDeps, acceptance: Acceptance): Promise<Enqueueing> {
  const { keys, flow, flowRedis, subjects } = deps;
  if (flowRedis.status !== 'ready') {
    return { status: 'refused', error: new Error('Redis is not connected') };
  }
  // Nothing has been sent yet: a repeat finds no verification of it.
  if (flow.isBehind()) {
    return { status: 'refused', error: new Error('earlier submissions still wait for Redis') };
  }
  const { id, clientId, priority, sealed } = acceptance;
  let kept: SubjectFields;
  try {
    // An object of it that stays behind is deleted by a worker when its time is over, here and below.
    kept = await subjects.put(id, sealed);
  } catch (error) {
    return { status: 'refused', error };
  }
  let accepted: Enqueueing;
  try {
    const job = verificationFlow(keys, { id, clientId }, priority);
    let promiseAt = 0;
    const replies = await flow.add(job, (transaction, loaded) => {
      const placed = { ...acceptance, places: firstPlaces(keys) };
      promiseAt = queueAcceptance(transaction, keys, placed, kept, loaded);
      queuePosition(transaction, keys, id);
    });
    accepted = {
      status: 'accepted',
      record: acceptedRecord(acceptance, replies[promiseAt]),
      position: positionOf(replies),
    };
  } catch (error) {
    if (isUnanswered(error)) return { status: 'unknown', error };
    if (isDiscarded(error)) return { status: 'refused', error };
    return undoPart(deps, acceptance, error);
  }
  return confirm(deps, id, accepted);
}

/** It is in Redis. Not confirmed, it may be lost with the primary, so its client is not answered that it was accepted. */
async function confirm(deps: EnqueueDeps, id: string, accepted: Enqueueing): Promise<Enqueueing> {
  try {
    await deps.confirmWrites();
    return accepted;
  } catch (error) {
    deps.log.warn(
      { event: 'submission_unconfirmed', verification: id, reason: describeRedisError(error) },
      'a submission was not confirmed as ACCEPT_AFTER asks',
    );
    return { status: 'unknown', error };
  }
}

/** A command that never left this process is no question; one that got no answer is. */
function isUnanswered(error: unknown): boolean {
  const neverSent = error instanceof Error && error.message.startsWith("Stream isn't writeable");
  return classifyRedisError(error) === 'gone' && !neverSent;
}

async function undoPart(deps: EnqueueDeps, acceptance: Acceptance, error: unknown): Promise<Enqueueing> {
  const reason = describeRedisError(error);
  deps.log.warn(
    { event: 'submission_undone', verification: acceptance.id, reason },
    'a submission failed in part and was taken back',
  );
  try {
    await withdraw(deps, acceptance);
    return { status: 'refused', error };
  } catch (undoError) {
    deps.log.error(
      { event: 'undo_failed', verification: acceptance.id, reason: describeRedisError(undoError) },
      'a submission that failed in part could not be taken back',
    );
    return { status: 'unknown', error };
  }
}

/**
 * Takes a submission back whose client received 503. A worker that has claimed it meanwhile keeps it, jobs and all.
 *
 * The record goes first: if this ends half-way, jobs without a record are left, which end by themselves.
 */
export async function withdraw(
  deps: VerificationStore & Pick<EnqueueDeps, 'queues'>,
  { id, clientId }: { readonly id: string; readonly clientId: string },
): Promise<'withdrawn' | 'too_late' | 'missing'> {
  const { queues } = deps;
  const withdrawal = await withdrawVerification(deps, { id, clientId });
  if (withdrawal === 'too_late') return withdrawal;
  await queues.deliveries.remove(id, { removeChildren: true });
  // A child that failed half-way may exist without its parent knowing.
  await queues.verifications.remove(id);
  return withdrawal;
}
