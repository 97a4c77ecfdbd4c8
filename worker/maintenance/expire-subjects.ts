import { WORKER } from '../../shared/audit/actor.ts';
import type { AuditEvent } from '../../shared/audit/audit-entry.ts';
import { resolveOutcome } from '../../shared/outcomes/resolve-outcome.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import { shredSubject } from '../../shared/store/verifications/shred-subject.ts';
import type { EachEntry } from './each-entry.ts';
import type { SweepDeps, SweepStep } from './sweep-deps.ts';
import { createSweepWalk } from './sweep-walk.ts';

/** Done at a time, so that a sweep never holds Redis or this process up. */
const BATCH = 200;

/** Answers verifications whose subject may not be kept any longer, and deletes the subject. */
export function createExpireSubjects(deps: SweepDeps, each: EachEntry): SweepStep {
  const { redis, keys, subjectTtlMs, metrics, now } = deps;
  const walk = createSweepWalk(redis, keys.unfinishedIndex(), () => now() - subjectTtlMs);
  return {
    name: 'expired',
    run: async () => {
      const due = await walk.take(BATCH);
      await each('expired', due, async (id) => {
        await expireSubject(deps, id);
        metrics.swept.inc({ what: 'expired' });
      });
      return due.length === BATCH;
    },
  };
}

async function expireSubject(deps: SweepDeps, id: string): Promise<void> {
  const { redis, keys, queue, finish, audit, log } = deps;
  const read = await readRecord(redis, keys, id);
  if (read.status === 'found' && read.record.outcome === null) {
    await finish(read.record, { row: resolveOutcome('Veriqueue.SubjectExpired'), call: null });
    await audit.note(describeExpiry(id));
  } else if (read.status === 'unreadable') {
    await shredSubject(deps, id);
    await audit.note(describeExpiry(id));
    log.error(
      { event: 'record_unreadable', verification: id, fields: read.fields },
      'a subject has expired whose record cannot be read: it is deleted, nothing is answered',
    );
  }
  const left = await leaveQueue(queue, id);
  // Settling took it off the index. Back on it, the next sweep sees to the job that could not be taken away.
  if (left) await redis.zrem(keys.unfinishedIndex(), id);
  else if (read.status === 'found') await redis.zadd(keys.unfinishedIndex(), read.record.submittedAt, id);
}

const describeExpiry = (id: string): AuditEvent => ({
  ...WORKER,
  action: 'expire_subject',
  targetKind: 'verification',
  target: id,
  result: 'deleted',
});

/**
 * Takes a verification's job away, which releases the delivery that waits for it.
 *
 * @returns false while the job is being worked on. It may find the outcome and end by itself; but workers look at jobs of
 *   a closed lane in passing, and one that was looked at in this very moment would wait, answered, until the lane opens
 */
export async function leaveQueue(queue: SweepDeps['queue'], id: string): Promise<boolean> {
  if ((await queue.remove(id)) === 1) return true;
  return (await queue.getJobState(id)) === 'unknown';
}
