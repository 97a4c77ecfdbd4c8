import type { UsageReport } from '../../shared/contract/usage.ts';
import type { FaultEntry, ReceiverPost, SubmissionEntry, UnaskedExit, UpstreamCall } from './logs.ts';
import type { Residue } from './residue.ts';

/** Everything that is known of a storm when it is over. What the system says of itself is judged by the rest. */
export interface StormFacts {
  readonly jobs: number;
  readonly quotaPerSecond: number;
  readonly submissions: readonly SubmissionEntry[];
  readonly calls: readonly UpstreamCall[];
  readonly posts: readonly ReceiverPost[];
  readonly forgeries: readonly string[];
  readonly faults: readonly FaultEntry[];
  readonly unaskedExits: readonly UnaskedExit[];
  /** What `GET /v1/verifications/{id}` shows at the end, by job; null where the pipeline has no such thing. */
  readonly shown: ReadonlyMap<number, ShownVerification> | null;
  /** What `GET /v1/events` shows at the end; null where the pipeline has no such thing. */
  readonly feed: readonly FeedEntry[] | null;
  readonly usage: UsageReport['data'] | null;
  readonly residue: Residue;
}

/** One event of the feed, or a number whose event is gone. */
export interface FeedEntry {
  readonly sequence: number;
  /** The `webhook-id`; null: it is kept no more. */
  readonly webhookId: string | null;
}

export interface ShownVerification {
  readonly status: string;
  readonly delivery: string;
  readonly code: string | null;
  readonly attempts: readonly string[];
}

/** What the outside logs say of one job. */
export interface JobFacts {
  readonly job: number;
  readonly accepted: boolean;
  readonly acceptedAt: number | null;
  /** Statuses that a good submission must not get. */
  readonly refusals: readonly number[];
  readonly ids: ReadonlySet<string>;
  readonly calls: readonly UpstreamCall[];
  readonly posts: readonly ReceiverPost[];
  readonly acknowledgedAt: number | null;
}
