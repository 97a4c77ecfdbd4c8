import type { Attempt } from '../../contract/verification.ts';
import type { StoreKeys } from '../keys.ts';
import { type LedgerEntry, ledgerField } from '../usage/ledger.ts';

/** One upstream call, as it is written into the record and the ledger: once, however often it is written. */
export interface NotedCall {
  /** Of `makeRunToken`, the same as in the mark that the request is leaving. */
  readonly id: string;
  readonly attempt: Attempt;
  /** Whether the record lists it among the attempts, or only the ledger counts it. */
  readonly isListed: boolean;
  /** Null when no complete request reached the upstream. */
  readonly ledger: LedgerEntry | null;
}

/** The arguments of `noteCall` in Lua, behind the record. Without a call nothing is noted. */
export function callArguments(keys: StoreKeys, call: NotedCall | null): string[] {
  return [
    keys.tag,
    call?.id ?? '',
    call ? JSON.stringify(call.attempt) : '',
    call?.isListed ? '1' : '0',
    call?.ledger?.day ?? '-',
    call?.ledger ? ledgerField(call.ledger) : '',
  ];
}
