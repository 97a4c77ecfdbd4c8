import type { OutcomeCode } from '../shared/contract/outcome-codes.ts';
import type { SubmissionFields } from '../shared/contract/submission.ts';
import type { Delivery, Verification } from '../shared/contract/verification.ts';
import type { VerificationStatus } from '../shared/contract/verification-status.ts';
import type { PhotoSource } from './photo.ts';

/** A person to verify, and what to do with the answer. */
export interface Submission extends SubmissionFields {
  readonly photo: PhotoSource;
  /**
   * The same key and submission give the same verification for 24 hours. Give your own, such as the order's number, if
   * your process may submit again after it was restarted. @default a random one per call
   */
  readonly idempotencyKey?: string | undefined;
}

export interface Submitted {
  readonly verification: Verification;
  /** An earlier submission under this Idempotency-Key had been accepted: this is its verification. */
  readonly replayed: boolean;
}

export interface CallOptions {
  /** Ends the call, whatever it waits for, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Filters are combined; without any, `list` gives every verification of the client. */
export interface ListOptions extends CallOptions {
  /** Exactly the reference they were submitted with. */
  readonly reference?: string | undefined;
  /** What they are now. */
  readonly status?: VerificationStatus | undefined;
  /** The code of their outcome, such as `FailedOperation.IdPhotoPoorQuality`. */
  readonly code?: OutcomeCode | (string & Record<never, never>) | undefined;
  /** Submitted then or later: a `Date`, or RFC 3339. */
  readonly submittedFrom?: Date | string | undefined;
  /** Submitted earlier than that: a `Date`, or RFC 3339. */
  readonly submittedBefore?: Date | string | undefined;
  /** At most so many, over all pages. @default all */
  readonly limit?: number | undefined;
}

/** Filters are combined. */
export interface EventDeliveriesOptions extends CallOptions {
  /** Where they go: `callback`, or the id of an endpoint (`ep_…`). @default your callback */
  readonly endpoint?: string | undefined;
  /** How far they are now. */
  readonly status?: Delivery['status'] | undefined;
  /** Of verifications that were submitted then or later: a `Date`, or RFC 3339. */
  readonly submittedFrom?: Date | string | undefined;
  /** Of those that were submitted earlier than that: a `Date`, or RFC 3339. */
  readonly submittedBefore?: Date | string | undefined;
  /** At most so many, over all pages. @default all */
  readonly limit?: number | undefined;
}

export interface UsageOptions extends CallOptions {
  /** First day, `yyyy-mm-dd`. @default 29 days ago */
  readonly from?: string | undefined;
  /** Last day. @default today, at +08:00 */
  readonly to?: string | undefined;
}
