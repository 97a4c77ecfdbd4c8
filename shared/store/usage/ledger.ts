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

const BEIJING_OFFSET_MS = 8 * 3_600_000;

/** The upstream's account lives in +08:00 (no daylight saving): so do its daily limits and its bill. */
export const ledgerDay = (now: number): string =>
  new Date(now + BEIJING_OFFSET_MS).toISOString().slice(0, 10);

/** ms epoch at which a day of the ledger is over. */
export const endOfLedgerDay = (day: string): number => Date.parse(day) + 86_400_000 - BEIJING_OFFSET_MS;
