import type { OutcomeKind } from '../../shared/outcomes/outcome-row.ts';
import type { NextStep } from '../../shared/outcomes/retry-policy.ts';
import type { CallOutcome, NotCalled } from './call-upstream.ts';

export type Made = Extract<CallOutcome, { status: 'called' }>;
type Decided = Exclude<NextStep, { step: 'again' }>;
export type Asked =
  | (Made & { readonly step: Decided })
  | { readonly status: 'not_called'; readonly why: NotCalled };

/** What came of one account. */
export type AskedOn =
  | Asked
  /** ms epoch */
  | { readonly status: 'person_limit'; readonly until: number };

/** Whether people are counted over all accounts together, or for each by itself. */
export type PersonScope = 'all' | 'account';

/** What these say is said about the account, or about its upstream, and not about the person. */
const OF_THE_ACCOUNT: ReadonlySet<OutcomeKind> = new Set(['account_fault', 'maintenance']);

/**
 * Whether another account may be asked in the same claim. Not after a finding, nor after a call whose result is indeterminate or
 * that failed for itself: what is repeated for those is counted, and waits for its time.
 */
export function mayMoveOn(asked: AskedOn, personScope: PersonScope): boolean {
  if (asked.status === 'person_limit') return personScope === 'account';
  if (asked.status === 'not_called') return asked.why.status === 'limiter_closed';
  const { call } = asked;
  const isUnsent = call.status === 'unanswered' && !call.sent;
  return isUnsent || OF_THE_ACCOUNT.has(call.row.kind);
}
