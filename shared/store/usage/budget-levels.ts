import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { StoreKeys } from '../keys.ts';
import { newEventId } from '../notices/written-notice.ts';
import { loadScript } from '../redis/script.ts';
import { budgetPeriodsOf } from './budget-periods.ts';

/** Per cent of a budget that are worth a word. */
export type BudgetLevel = 80 | 100;

/** A part of a budget that is spent. */
export interface ReachedLevel {
  readonly period: 'day' | 'month';
  readonly level: BudgetLevel;
  readonly spent: number;
  readonly limit: number;
}

const noteBudgetScript = loadScript(new URL('../scripts/note-budget.lua', import.meta.url));

const level = z.union([z.literal(80), z.literal(100)]);
const reached = z.tuple([z.enum(['day', 'month']), level, z.number(), z.number()]);

/**
 * Looks how far a client has spent its budget, and notes it. Its client gets a `usage.threshold` for what it has reached, if it
 * asks for that.
 *
 * @param now ms epoch
 * @returns what it has reached since the last look: each level once in its period
 */
export async function noteBudget(
  redis: Redis,
  keys: StoreKeys,
  clientId: string,
  now: number,
): Promise<readonly ReachedLevel[]> {
  const { day, month } = budgetPeriodsOf(now);
  const reply = await noteBudgetScript(
    redis,
    [keys.client(clientId), keys.clientLedger(clientId, month), keys.budgetLevels(), keys.budgetedClients()],
    [clientId, day, month, keys.tag, `${newEventId()} ${newEventId()}`, new Date(now).toISOString()],
  );
  const values = z.array(z.union([z.string(), z.number()])).parse(reply);
  return Array.from({ length: values.length / 4 }, (_, i) => {
    const [period, found, spent, limit] = reached.parse(values.slice(4 * i, 4 * i + 4));
    return { period, level: found, spent, limit };
  });
}

export interface NotedLevel {
  readonly clientId: string;
  readonly period: 'day' | 'month';
  readonly level: BudgetLevel;
}

const notedField = z.templateLiteral([z.string(), '|', z.enum(['day', 'month'])]);
const notedValue = z.templateLiteral([z.string(), ' ', z.enum(['80', '100'])]);

/** What {@link noteBudget} last noted of each client that has reached a level in a day or month that lasts; in no order. */
export async function listBudgetLevels(
  redis: Redis,
  keys: StoreKeys,
  now: number,
): Promise<readonly NotedLevel[]> {
  const current = budgetPeriodsOf(now);
  return Object.entries(await redis.hgetall(keys.budgetLevels())).flatMap(([field, value]) => {
    if (!notedField.safeParse(field).success || !notedValue.safeParse(value).success) return [];
    const [clientId = '', period] = field.split('|');
    const [date, reachedLevel] = value.split(' ');
    if (period !== 'day' && period !== 'month') return [];
    return date === current[period] ? [{ clientId, period, level: reachedLevel === '100' ? 100 : 80 }] : [];
  });
}
