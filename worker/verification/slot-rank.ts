import type { SlotRank } from '../../shared/lane/lane-call.ts';
import { queuePriority } from '../../shared/queue/verification-flow.ts';

const { interactive, bulk } = queuePriority;

/** The order of the queue holds in the line for slots too; also for a bulk verification that was let ahead. */
export function slotRank(jobPriority: number): SlotRank {
  if (jobPriority <= interactive.retry) return 'interactive_retry';
  if (jobPriority <= interactive.fresh) return 'interactive';
  return jobPriority <= bulk.retry ? 'bulk_retry' : 'bulk';
}

/** The BullMQ priority with which a verification comes back: ahead of new work of its own priority. */
export function retryPriority(freshPriority: number | undefined): number {
  return (freshPriority ?? bulk.fresh) <= interactive.fresh ? interactive.retry : bulk.retry;
}
