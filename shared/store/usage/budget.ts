import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { ClientBudget } from '../../contract/usage.ts';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { budgetPeriodsOf } from './budget-periods.ts';

const readBudgetScript = loadScript(new URL('../scripts/read-budget.lua', import.meta.url));

const count = z.number().int().nonnegative();
const budgetReply = z.union([
  z.tuple([]),
  z.tuple([z.enum(['hard', 'warn']), count, count, count, count, count]),
]);

/**
 * A client's budget, and what is spent of it in the present day and month (+08:00); null for a client without one.
 *
 * @param now ms epoch
 */
export async function readBudget(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  now: number,
): Promise<ClientBudget | null> {
  const { day, month, dayEndsAt, monthEndsAt } = budgetPeriodsOf(now);
  const reply = await readBudgetScript(
    redis,
    [keys.client(clientId), keys.clientLedger(clientId, month)],
    [clientId, keys.tag, day.slice(-2)],
  );
  const parsed = budgetReply.parse(reply);
  if (parsed.length === 0) return null;
  const [mode, waiting, dayLimit, daySpent, monthLimit, monthSpent] = parsed;
  return {
    mode,
    waiting,
    day: presentPeriod(day, dayLimit, daySpent, dayEndsAt),
    month: presentPeriod(month, monthLimit, monthSpent, monthEndsAt),
  };
}

function presentPeriod(period: string, limit: number, spent: number, endsAt: number): ClientBudget['day'] {
  return limit === 0 ? null : { period, limit, spent, endsAt: new Date(endsAt).toISOString() };
}
