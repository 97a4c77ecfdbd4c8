/** The circumstances of one run of a job. */
export interface JobRun {
  /** Aborts when the process must end. */
  readonly signal: AbortSignal;
  /** Whether the job has been started before, here or elsewhere. */
  readonly startedBefore: boolean;
  /** The job's priority in its queue now. */
  readonly priority: number;
  /** The trace it was added under; null without one. */
  readonly traceParent: string | null;
}

/** What becomes of a job. Its verification's record has been written by then. */
export type JobResult =
  | { readonly result: 'done' }
  /** Not before `at` (ms epoch). */
  | { readonly result: 'later'; readonly at: number }
  /** Back to the head of the line; it is not claimed before `until` (ms epoch). */
  | { readonly result: 'lane_closed'; readonly until: number }
  /** Back to the head of the line, for another process: this one is shutting down. */
  | { readonly result: 'hand_back' }
  /** Cannot be worked on, now or later. */
  | { readonly result: 'set_aside'; readonly reason: string };

/** How the reason begins that BullMQ keeps of a job that was set aside. */
export const SET_ASIDE = 'Cannot work on this job: ';
