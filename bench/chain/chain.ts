/** One of the two pipelines that are compared. Its events go to the receiver it was given. */
export interface Chain {
  /** Submits so many verifications; resolves when all are queued. No two of them are about one person. */
  submit(order: SubmissionOrder): Promise<void>;
  stop(): Promise<void>;
}

export interface SubmissionOrder {
  /** Serial number of the first person. */
  readonly first: number;
  readonly count: number;
}

/** What both get alike. */
export interface ChainSurroundings {
  readonly redisUrl: string;
  readonly upstreamUrl: string;
  readonly receiverUrl: string;
  /** Of the upstream calls, and of the deliveries. */
  readonly concurrency: number;
  readonly photoBytes: number;
}
