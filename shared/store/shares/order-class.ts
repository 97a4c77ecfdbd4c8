import type { Priority } from '../../contract/verification.ts';
import { queuePriority } from '../queue/verification-flow.ts';

/** Shares are kept by priority. Its class is what the scores in BullMQ's `prioritized` begin with. */
export function orderClassOf(priority: Priority): number {
  return queuePriority[priority].fresh;
}
