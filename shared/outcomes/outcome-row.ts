import type { ClientAction } from '../contract/outcome-codes.ts';

/** What the client reads when this is the last word on a verification. */
export type Verdict = 'match' | 'no_match' | 'unverifiable' | 'error';

/** What an attempt's result means for the verification and for the lane. */
export type OutcomeKind =
  | 'final'
  | 'transient'
  | 'maintenance'
  | 'daily_limit'
  | 'account_fault'
  | 'pace'
  | 'fault'
  | 'unknown';

/** `unknown`: the call may have been charged, and only the account's bill shows whether it was. */
export type Billing = 'billed' | 'unbilled' | 'unknown';

/** The name of what is done about a kind; `computeNextStep` is its implementation. */
export type RetryPolicy =
  | 'none'
  | 'backoff'
  | 'slow_lane'
  | 'next_minute_then_next_day'
  | 'hold_lane'
  | 'wait_for_slot'
  | 'ask_again_or_fail';

/** Where a code is documented: the API's own page, the common codes, a sister API of the service, or here. */
export type OutcomeSource = 'api' | 'common' | 'sister_api' | 'veriqueue';

export interface OutcomeColumns {
  readonly kind: OutcomeKind;
  readonly verdict: Verdict;
  readonly action: ClientAction;
  readonly billed: Billing;
  readonly source: OutcomeSource;
  readonly description: string;
  /** Set where a transient failure is the upstream's as a whole, and says nothing about this verification. */
  readonly upstreamWide?: true;
}

/** One resolved row: everything that anyone downstream may ask about a code. */
export interface OutcomeRow extends OutcomeColumns {
  readonly code: string;
  readonly retry: RetryPolicy;
}

export const RETRY_POLICIES = {
  final: 'none',
  transient: 'backoff',
  maintenance: 'slow_lane',
  daily_limit: 'next_minute_then_next_day',
  account_fault: 'hold_lane',
  pace: 'wait_for_slot',
  fault: 'none',
  unknown: 'ask_again_or_fail',
} as const satisfies Record<OutcomeKind, RetryPolicy>;

type RowMaker = (description: string) => OutcomeColumns;

export interface RowMakers {
  readonly match: RowMaker;
  readonly noMatch: RowMaker;
  readonly resubmitPhoto: RowMaker;
  readonly checkIdentity: RowMaker;
  readonly contactRegistry: RowMaker;
  readonly transient: RowMaker;
  readonly outage: RowMaker;
  readonly maintenance: RowMaker;
  readonly dailyLimit: RowMaker;
  readonly accountFault: RowMaker;
  readonly pace: RowMaker;
  readonly fault: RowMaker;
  readonly unknown: RowMaker;
  readonly gaveUp: RowMaker;
}

/**
 * Row constructors for the codes of one source.
 *
 * `verdict` on a row that is retried is what the client gets once the retries are used up.
 */
export function makeRows(source: OutcomeSource): RowMakers {
  const maker =
    (kind: OutcomeKind, verdict: Verdict, action: ClientAction, billed: Billing): RowMaker =>
    (description) => ({ kind, verdict, action, billed, source, description });
  const transient = maker('transient', 'error', 'retry_later', 'unbilled');
  return {
    match: maker('final', 'match', 'none', 'billed'),
    noMatch: maker('final', 'no_match', 'none', 'billed'),
    resubmitPhoto: maker('final', 'unverifiable', 'resubmit_photo', 'unbilled'),
    checkIdentity: maker('final', 'unverifiable', 'check_identity', 'unbilled'),
    contactRegistry: maker('final', 'unverifiable', 'contact_registry', 'unbilled'),
    transient,
    outage: (description) => ({ ...transient(description), upstreamWide: true }),
    maintenance: maker('maintenance', 'error', 'retry_later', 'unbilled'),
    dailyLimit: maker('daily_limit', 'unverifiable', 'retry_later', 'unbilled'),
    accountFault: maker('account_fault', 'error', 'contact_support', 'unbilled'),
    pace: maker('pace', 'error', 'retry_later', 'unbilled'),
    fault: maker('fault', 'error', 'contact_support', 'unbilled'),
    unknown: maker('unknown', 'error', 'retry_later', 'unknown'),
    gaveUp: maker('final', 'error', 'retry_later', 'unbilled'),
  };
}
