import type { Worker } from 'bullmq';

/** One kind of work of this process. */
export interface QueueConsumer {
  readonly worker: Worker;
  /** See `startClaiming`. */
  readonly ended: Promise<void>;
  /** Gives up what cannot be finished. */
  readonly abort: (reason: Error) => void;
  /** Releases what outlives the jobs, connections for instance. */
  close(): Promise<void>;
}
