import { eventTypes } from '../../shared/contract/event-type.ts';
import type { VerificationEvent } from '../../shared/contract/verification.ts';
import { noPlace, presentVerification } from '../../shared/store/verifications/present.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';

/**
 * The event's body, the same bytes at every attempt: the delivery's own progress is left as it stood when the outcome
 * was written.
 *
 * @throws RangeError for a verification without an outcome
 */
export function buildVerificationEvent(record: VerificationRecord): string {
  if (record.outcome === null) {
    throw new RangeError('A verification without an outcome has no event');
  }
  const event: VerificationEvent = {
    type: eventTypes[record.status === 'failed' ? 'failed' : 'completed'],
    timestamp: record.outcome.completedAt,
    data: presentVerification(
      { ...record, delivery: { status: 'pending', attempts: 0, nextAttemptAt: null } },
      noPlace,
    ),
  };
  return JSON.stringify(event);
}
