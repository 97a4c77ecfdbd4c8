import { pickFields, SHOWN_FIELDS, type ShownField } from '../../contract/submission-fields.ts';
import type { Verification } from '../../contract/verification.ts';
import { isWaiting, type VerificationStatus } from '../../contract/verification-status.ts';
import type { Extension } from './promised-time.ts';
import type { VerificationRecord } from './verification-record.ts';

/** What is known of a waiting verification besides its record. */
export interface PlaceInLine {
  /** 1 is next */
  readonly position: number | null;
  /** ms epoch */
  readonly estimatedCompletionAt: number | null;
  readonly isSuspended: boolean;
  /** Whether the account gives slots: while it does not, its end is not known, and no time can be promised. */
  readonly isRunning: boolean;
  /** What has been added to its promise so far; null when nothing has, or that is not known here. */
  readonly extended: Extension | null;
  /** ms epoch */
  readonly now: number;
  /** Whether its lane asks the real upstream; null when that is not known here. */
  readonly livemode: boolean | null;
}

export const noPlace: PlaceInLine = {
  position: null,
  estimatedCompletionAt: null,
  isSuspended: false,
  isRunning: true,
  extended: null,
  now: 0,
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
    ...presentPromise(record, waiting),
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

/**
 * What was asked about keeps the promise that it was asked under. What waits has it put off as time goes by; it is left out
 * while the account is closed, because nothing is known of the end of that.
 */
function presentPromise(
  { promise, attempts, status }: VerificationRecord,
  { isRunning, extended, now }: PlaceInLine,
): Pick<Verification, 'completesBy' | 'completesByExtended'> {
  if (promise === null) return { completesBy: null, completesByExtended: null };
  const waits = attempts.length === 0 && isWaiting({ status });
  const added = waits ? extended : promise.extended;
  const by = promise.by + (added?.byMs ?? 0);
  const isOpen = !waits || (isRunning && !(promise.isWaived && by < now));
  return {
    completesBy: isOpen ? instant(by) : null,
    completesByExtended: added && { by: Math.ceil(added.byMs / 1000), reason: added.reason },
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
