import type { AuditActor } from '../../audit/actor.ts';
import { noticeTypes } from '../../contract/event-type.ts';
import { encodeAuditEvent } from '../audit/audit-trail.ts';
import { writeNotice } from '../notices/written-notice.ts';
import { loadScript } from '../redis/script.ts';
import type { VerificationStore } from './verification-store.ts';

const eraseScript = loadScript(new URL('../scripts/erase.lua', import.meta.url));

export type Erasure =
  /** `deliveryJobs` may still be there; they find nothing to deliver. */
  | { readonly status: 'erased'; readonly deliveryJobs: readonly string[] }
  /** The upstream is being asked, or the event is being delivered, right now. */
  | { readonly status: 'busy' }
  | { readonly status: 'missing' };

export interface ErasureOrder {
  readonly id: string;
  readonly clientId: string;
  /** As the audit trail names who erases it. */
  readonly by: AuditActor;
  /** How long a receipt can be had, ms. */
  readonly keptMs: number;
  /** ms epoch */
  readonly now: number;
}

/**
 * Deletes a verification and every trace of it in one step, whatever its state: sealed subject, record, delivery log,
 * indexes, the claim of its Idempotency-Key. An event that was not delivered yet never will be. The audit trail gets its
 * entry, what a receipt states is kept, and its client gets a `subject.erased` if it asks for that, in the same step.
 *
 * The jobs are removed afterwards, by the caller, which knows the queues.
 */
export async function eraseVerification(
  { redis, keys }: VerificationStore,
  { id, clientId, by, keptMs, now }: ErasureOrder,
): Promise<Erasure> {
  const notice = writeNotice({
    type: noticeTypes.erased,
    timestamp: new Date(now).toISOString(),
    data: { id, by: by.actorKind === 'client' ? 'client' : 'operator' },
  });
  const reply = await eraseScript(
    redis,
    [
      keys.record(id),
      keys.subject(id),
      keys.deliveryLog(id),
      keys.photosStored(),
      keys.unfinishedIndex(),
      keys.retention(),
      keys.deadLetters(),
      keys.deferringEndpoints(),
      keys.openRedeliveries(clientId),
      keys.auditWaiting(),
      keys.erasure(clientId, id),
    ],
    [
      ...[id, keys.tag, clientId, keys.queueStart(keys.deliveryQueue)],
      encodeAuditEvent({
        ...by,
        action: 'erase_verification',
        targetKind: 'verification',
        target: id,
        result: 'erased',
        details: { client: clientId },
      }),
      ...[keptMs, by.actorKind, notice.id, notice.body],
    ],
  );
  const [status, ...deliveryJobs] = reply as [Erasure['status'], ...string[]];
  if (status !== 'erased') return { status };
  await redis.zrem(keys.deadlines(), id);
  return { status, deliveryJobs };
}
