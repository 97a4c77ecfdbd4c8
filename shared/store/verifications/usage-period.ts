import { DAY_MS } from '../../time-units.ts';
import { ledgerDay } from '../usage/ledger.ts';

/** Days the ledger is kept, and the longest period that can be asked for. */
export const LEDGER_DAYS = 400;

export const DEFAULT_USAGE_DAYS = 30;

export interface UsagePeriod {
  /** `yyyy-mm-dd`, both included. */
  readonly from: string;
  readonly to: string;
}

/** What is shown where no period is asked for: the last days, today included. @param now ms since the epoch */
export function defaultUsagePeriod(now: number): UsagePeriod {
  return { from: ledgerDay(now - (DEFAULT_USAGE_DAYS - 1) * DAY_MS), to: ledgerDay(now) };
}

/** Days of a period; 0 or less when it ends before it begins. Costs the same for any period. */
export function countDays({ from, to }: UsagePeriod): number {
  return Math.floor((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

/**
 * The days of a period, first to last.
 *
 * @throws {RangeError} for one that {@link countDays} does not allow: callers look before they ask
 */
export function listDays(period: UsagePeriod): string[] {
  const length = countDays(period);
  if (!isUsablePeriod(period)) {
    throw new RangeError(`A period must have 1 to ${LEDGER_DAYS} days, not ${length}`);
  }
  const first = Date.parse(period.from);
  return Array.from({ length }, (_, i) => new Date(first + i * DAY_MS).toISOString().slice(0, 10));
}

export function isUsablePeriod(period: UsagePeriod): boolean {
  const days = countDays(period);
  return days >= 1 && days <= LEDGER_DAYS;
}
