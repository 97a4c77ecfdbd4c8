import { chinaDay } from '../../china-time.ts';

/** One upstream call, as the bill will list it. */
export interface LedgerEntry {
  /** `yyyy-mm-dd`, see {@link ledgerDay} */
  readonly day: string;
  readonly clientId: string;
  readonly code: string;
  readonly billed: 'billed' | 'unbilled' | 'unknown';
}

/** The counter's name in the day's hash. */
export const ledgerField = (entry: LedgerEntry): string => `${entry.clientId}|${entry.code}|${entry.billed}`;

/** The day that a call made now counts for: the bill's. */
export const ledgerDay = chinaDay;
