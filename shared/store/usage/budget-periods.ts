import { chinaDay, endOfChinaDay } from '../../china-time.ts';

/** The day and the month that a call made now counts for, and when they end. */
export interface BudgetPeriods {
  /** `yyyy-mm-dd` */
  readonly day: string;
  /** `yyyy-mm` */
  readonly month: string;
  /** ms epoch: the first instant after each. */
  readonly dayEndsAt: number;
  readonly monthEndsAt: number;
}

/** In +08:00, as the ledger and the bill count. @param now ms epoch */
export function budgetPeriodsOf(now: number): BudgetPeriods {
  const day = chinaDay(now);
  const month = day.slice(0, 7);
  const [year = 0, monthOfYear = 0] = month.split('-').map(Number);
  // Day 0 of the month after is the last of this one.
  const lastDay = new Date(Date.UTC(year, monthOfYear, 0)).toISOString().slice(0, 10);
  return { day, month, dayEndsAt: endOfChinaDay(day), monthEndsAt: endOfChinaDay(lastDay) };
}
