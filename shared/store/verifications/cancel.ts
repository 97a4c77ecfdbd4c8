import { clientActor } from '../../audit/actor.ts';
import { DAY_MS } from '../../time-units.ts';
import { encodeAuditEvent } from '../audit/audit-trail.ts';
import { loadScript } from '../redis/script.ts';
import type { VerificationStore } from './verification-store.ts';

const cancelScript = loadScript(new URL('../scripts/cancel.lua', import.meta.url));

/** How long a cancelled verification is kept that the upstream was never asked about. */
export const CANCELLED_UNASKED_MS = DAY_MS;

/**
 * Cancels what no worker has claimed: the status changes and the subject is shredded in one step, so a worker that
 * finds the job a moment later sees `cancelled` and sends nothing. Cancelling twice is the same as once. The audit trail gets
 * its entry in the same step.
 *
 * One that was never asked about has nothing to be reconciled with: it is kept as long as an Idempotency-Key, and not as
 * long as what was billed.
 *
 * @param now ms epoch
 */
export async function cancelVerification(
  { redis, keys }: VerificationStore,
  {
    id,
    clientId,
    now,
    retentionMs,
  }: {
    readonly id: string;
    readonly clientId: string;
    readonly now: number;
    readonly retentionMs: number;
  },
): Promise<'cancelled' | 'too_late' | 'missing'> {
  const reply = await cancelScript(
    redis,
    [
      ...[keys.record(id), keys.subject(id), keys.photosStored(), keys.unfinishedIndex()],
      ...[keys.retention(), keys.auditWaiting()],
    ],
    [
      ...[id, keys.tag, clientId, now + retentionMs, now + Math.min(retentionMs, CANCELLED_UNASKED_MS)],
      encodeAuditEvent({
        ...clientActor(clientId),
        action: 'cancel_verification',
        targetKind: 'verification',
        target: id,
        result: 'cancelled',
      }),
    ],
  );
  return reply as 'cancelled' | 'too_late' | 'missing';
}
