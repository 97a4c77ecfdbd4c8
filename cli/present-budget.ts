import { plural } from '../shared/contract/plural.ts';
import type { ClientBudget } from '../shared/contract/usage.ts';
import { formatTime } from './terminal.ts';

/** A budget as names and values: what is spent of what may be billed, and until when. */
export function describeBudget(budget: ClientBudget | null): Readonly<Record<string, string>> {
  if (budget === null) return { budget: '-' };
  const { mode, waiting, day, month } = budget;
  return {
    budget: `${mode}, ${waiting} without an outcome`,
    ...(day === null ? {} : { 'budget of the day': describePeriod(day) }),
    ...(month === null ? {} : { 'budget of the month': describePeriod(month) }),
  };
}

function describePeriod({ spent, limit, endsAt }: NonNullable<ClientBudget['day']>): string {
  return `${spent} of ${plural(limit, 'call')}, until ${formatTime(Date.parse(endsAt))}`;
}
