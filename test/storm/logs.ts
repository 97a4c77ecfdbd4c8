/**
 * The outside logs: what the submitter, the upstream, the receiver and the one who inflicts the faults saw. They are the
 * judges of a storm, and trust nothing that the system says of itself. All times are ms epoch of one machine.
 */

/** One answer to one submission; a job has several where it had to be repeated. */
export interface SubmissionEntry {
  readonly job: number;
  /** The Idempotency-Key; null: this job is submitted once, whatever comes of it. */
  readonly key: string | null;
  readonly at: number;
  readonly answeredAt: number;
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** The verification it names, of a 202. */
  readonly id: string | null;
}

/** One call that arrived at the upstream to its last byte. */
export interface UpstreamCall {
  readonly idCard: string;
  readonly at: number;
  /** When it arrived at the earliest: a process that gets no turn stamps late. */
  readonly earliestAt: number;
  /** The code that was answered; null when none could be read from what was sent. */
  readonly code: string | null;
  /** Whether the upstream will send a bill for it, be its answer ever read or not. */
  readonly charged: boolean;
  /** When the whole answer was handed to the socket; null: never. */
  readonly answeredAt: number | null;
  /** When the caller went away before there was an answer; null: it did not. */
  readonly abandonedAt: number | null;
  /** The fault it was hit by; null: none. */
  readonly fault: string | null;
}

/** One POST that arrived at the receiver. */
export interface ReceiverPost {
  readonly at: number;
  readonly webhookId: string;
  readonly bodyHash: string;
  readonly event: ReceivedEvent;
  /** `acknowledged`: the receiver has stored it, and a 2xx was sent. */
  readonly answer: 'acknowledged' | 'refused' | 'nothing';
  readonly answeredAt: number;
}

export interface ReceivedEvent {
  /** The job, by the reference that was submitted. */
  readonly job: number | null;
  readonly verification: string;
  /** Its number in the feed; null: the body has none. */
  readonly sequence: number | null;
  readonly code: string | null;
  readonly possiblyBilledAgain: boolean;
  /** Codes of the attempts it lists. */
  readonly attempts: readonly string[];
}

/** One fault as it happened. */
export interface FaultEntry {
  readonly id: number;
  readonly kind: string;
  readonly at: number;
  readonly until: number;
  /** What it hit, in words; `skipped: …` when it could not be inflicted. */
  readonly note: string;
}

/** A process of the system that ended without having been killed. */
export interface UnaskedExit {
  readonly part: string;
  readonly at: number;
  readonly how: string;
}
