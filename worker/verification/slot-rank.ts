import { queuePriority } from '../../shared/store/queue/verification-flow.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';

const { interactive, bulk } = queuePriority;

/** What slots are counted by. */
export type SlotRank = 'interactive_retry' | 'interactive' | 'bulk_retry' | 'bulk';

export function slotRank({
  priority,
  attemptsCounted,
}: Pick<VerificationRecord, 'priority' | 'attemptsCounted'>): SlotRank {
  return attemptsCounted > 0 ? `${priority}_retry` : priority;
}

/** Whether a job stands in its client's line as one that was asked about before. */
export function isRetryPriority(jobPriority: number): boolean {
  return jobPriority === interactive.retry || jobPriority === bulk.retry;
}
