import { pickFields, SHOWN_FIELDS, type ShownField } from '../../contract/submission-fields.ts';
import type { Verification } from '../../contract/verification.ts';
import type { VerificationStatus } from '../../contract/verification-status.ts';
import type { VerificationRecord } from './verification-record.ts';

/** What is known of a waiting verification besides its record. */
export interface PlaceInLine {
  /** 1 is next */
  readonly position: number | null;
  /** ms epoch */
  readonly estimatedCompletionAt: number | null;
  readonly isSuspended: boolean;
  /** Whether its lane asks the real upstream; null when that is not known here. */
  readonly livemode: boolean | null;
}

export const noPlace: PlaceInLine = {
  position: null,
  estimatedCompletionAt: null,
  isSuspended: false,
  livemode: null,
};

const instant = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** The record as its client sees it. */
export function presentVerification(record: VerificationRecord, waiting: PlaceInLine): Verification {
  const status: VerificationStatus =
    record.status === 'queued' && waiting.isSuspended ? 'held' : record.status;
  return {
    id: record.id,
    status,
    livemode: presentLivemode(record, waiting),
    ...presentOptions(record),
    submittedAt: new Date(record.submittedAt).toISOString(),
    position: waiting.position,
    estimatedCompletionAt: instant(waiting.estimatedCompletionAt),
    nextAttemptAt: instant(record.nextAttemptAt),
    attempts: [...record.attempts],
    outcome: record.outcome,
    delivery: {
      status: record.delivery.status,
      attempts: record.delivery.attempts,
      nextAttemptAt: instant(record.delivery.nextAttemptAt),
    },
  };
}

/** What its submission gave, as far as it is shown. */
function presentOptions(record: VerificationRecord): Pick<Verification, ShownField> {
  return pickFields(record, SHOWN_FIELDS);
}

/** What was answered is what it was when it was; what waits is asked by its lane as that is now. Unknown is not live. */
function presentLivemode({ outcome, livemode }: VerificationRecord, lane: PlaceInLine): boolean {
  const known = outcome === null ? (lane.livemode ?? livemode) : (livemode ?? lane.livemode);
  return known === true;
}
