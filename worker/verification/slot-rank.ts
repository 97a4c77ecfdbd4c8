import type { SlotRank } from '../../shared/account/limiter/limiter-command.ts';
import { ASIDE_PRIORITY, queuePriority } from '../../shared/store/queue/verification-flow.ts';

const { interactive, bulk } = queuePriority;

/** The order of the queue holds in the line for slots too; also for a bulk verification that was let ahead. */
export function slotRank(jobPriority: number): SlotRank {
  if (jobPriority <= interactive.retry) return 'interactive_retry';
  if (jobPriority <= interactive.fresh) return 'interactive';
  return jobPriority <= bulk.retry ? 'bulk_retry' : 'bulk';
}

/** Whether a job stands ahead of new work. */
export function isRetryPriority(jobPriority: number): boolean {
  return jobPriority === interactive.retry || jobPriority === bulk.retry;
}

/**
 * The BullMQ priority with which a verification comes back: ahead of new work of its own priority, or `behind` everything.
 *
 * @param freshPriority the one it was added with
 */
export function returnPriority(freshPriority: number | undefined, behind: boolean): number {
  if (behind) return ASIDE_PRIORITY;
  return (freshPriority ?? bulk.fresh) <= interactive.fresh ? interactive.retry : bulk.retry;
}
