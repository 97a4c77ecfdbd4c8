import type { Verification, VerificationStatus } from '../contract/verification.ts';
import type { VerificationRecord } from './verification-record.ts';

/** What is known of a waiting verification besides its record. */
export interface Waiting {
  /** 1 is next */
  readonly position: number | null;
  /** ms epoch */
  readonly estimatedCompletionAt: number | null;
  readonly laneHeld: boolean;
}

export const notWaiting: Waiting = { position: null, estimatedCompletionAt: null, laneHeld: false };

const instant = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** The record as its client sees it. */
export function presentVerification(record: VerificationRecord, waiting: Waiting): Verification {
  const status: VerificationStatus = record.status === 'queued' && waiting.laneHeld ? 'held' : record.status;
  return {
    id: record.id,
    status,
    reference: record.reference,
    extra: record.extra,
    priority: record.priority,
    submittedAt: new Date(record.submittedAt).toISOString(),
    position: waiting.position,
    estimatedCompletionAt: instant(waiting.estimatedCompletionAt),
    nextAttemptAt: instant(record.nextAttemptAt),
    attempts: [...record.attempts],
    outcome: record.outcome,
    delivery: {
      status: record.delivery.status,
      attempts: record.delivery.attempts,
      nextAttemptAt: instant(record.delivery.nextAttemptAt),
    },
  };
}
