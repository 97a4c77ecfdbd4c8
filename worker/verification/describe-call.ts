import type { Attempt } from '../../shared/contract/verification.ts';
import { resolveBilling } from '../../shared/outcomes/resolve-outcome.ts';
import { type LedgerEntry, ledgerDay } from '../../shared/store/usage/ledger.ts';
import type { NotedCall } from '../../shared/store/verifications/noted-call.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { Called } from './call-upstream.ts';

export interface DescribeDeps {
  /** Codes the deployment is billed for. */
  readonly billedCodes: ReadonlySet<string>;
  /** The account that is asked, where a file names the accounts; otherwise null. */
  readonly account: string | null;
  readonly now: () => number;
}

export interface MarkedCall {
  readonly call: Called;
  /** As the call was marked. */
  readonly callId: string;
}

/** A call as record and ledger note it: every attempt, if its request may have reached the upstream, is in both. */
export function describeCall(deps: DescribeDeps, record: VerificationRecord, marked: MarkedCall): NotedCall {
  const { call, callId } = marked;
  const reached = call.status === 'answered' || call.sent;
  return {
    id: callId,
    attempt: describeAttempt(deps, call),
    isListed: true,
    ledger: reached ? describeLedgerEntry(deps, record, call) : null,
  };
}

/** A call that decides nothing about its verification: the ledger has it, and only what may have been paid for is listed. */
export function describeUndecidedCall(
  deps: DescribeDeps,
  record: VerificationRecord,
  marked: MarkedCall,
): NotedCall {
  const noted = describeCall(deps, record, marked);
  return { ...noted, isListed: noted.ledger !== null && noted.ledger.billed !== 'unbilled' };
}

function describeLedgerEntry(
  { billedCodes, account, now }: DescribeDeps,
  { clientId }: VerificationRecord,
  { row }: Called,
): LedgerEntry {
  const billed = resolveBilling(row, billedCodes);
  return { day: ledgerDay(now()), clientId, code: row.code, billed, account };
}

function describeAttempt({ account }: DescribeDeps, call: Called): Attempt {
  return {
    at: new Date(call.sentAt).toISOString(),
    durationMs: Math.round(call.durationMs),
    code: call.code,
    requestId: call.requestId,
    ...(account === null ? {} : { account }),
  };
}
