import { z } from 'zod';

/** What happens at the end of a budget: `hard` refuses submissions that might exceed it, `warn` reports it. */
export interface Budget {
  readonly mode: 'hard' | 'warn';
  /** Calls that may be billed in a day and in a month (+08:00); null: no limit. */
  readonly day: number | null;
  readonly month: number | null;
}

export const MAX_LIMIT = 999_999_999;

/**
 * A limit in the client's hash, which scripts read too (`fragments/client-cap.lua`). One that is absent or makes no sense is
 * none of the client's own.
 */
export const storedLimit = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)
  .nullable()
  .catch(null);

/** The fields of a budget; a part of 0 is none. */
export const storedBudget = {
  budgetDay: storedLimit,
  budgetMonth: storedLimit,
  budgetMode: z.enum(['hard', 'warn']).catch('hard'),
};

/** @returns null where neither the day nor the month is limited */
export function budgetOf({
  budgetDay,
  budgetMonth,
  budgetMode,
}: {
  readonly budgetDay: number | null;
  readonly budgetMonth: number | null;
  readonly budgetMode: Budget['mode'];
}): Budget | null {
  const [day, month] = [budgetDay || null, budgetMonth || null];
  return day === null && month === null ? null : { mode: budgetMode, day, month };
}
