import { ErrorCode } from 'bullmq';

const LOST: ReadonlySet<unknown> = new Set([
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobNotInState,
  ErrorCode.JobLockMismatch,
]);

/** Whether BullMQ refused to move a job because this worker does not hold it any more, or it is gone. */
export function isLostJob(error: unknown): boolean {
  return error instanceof Error && 'code' in error && LOST.has(error.code);
}
