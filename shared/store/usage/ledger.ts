import { chinaDay } from '../../china-time.ts';

/** One upstream call, as the bill will list it. */
export interface LedgerEntry {
  /** `yyyy-mm-dd`, see {@link ledgerDay} */
  readonly day: string;
  readonly clientId: string;
  readonly code: string;
  readonly billed: 'billed' | 'unbilled' | 'unknown';
  /** The account that it was made on, where a file names the accounts. */
  readonly account?: string | null;
}

/** The counter's name in the day's hash; the account behind it has a counter of its own. */
export const ledgerField = ({ clientId, code, billed, account = null }: LedgerEntry): string =>
  `${clientId}|${code}|${billed}${account === null ? '' : `|${account}`}`;

/** The day that a call made now counts for: the bill's. */
export const ledgerDay = chinaDay;
