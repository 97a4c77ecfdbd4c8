import type { Redis } from 'ioredis';
import type { UsageReport } from '../contract/usage.ts';
import type { LaneKeys } from '../keys.ts';
import type { LedgerEntry } from './ledger.ts';

/** Days the ledger is kept, and the longest period that can be asked for. */
export const LEDGER_DAYS = 400;

type UsageRow = UsageReport['data'][number];

export interface UsagePeriod {
  /** `yyyy-mm-dd`, both included. */
  readonly from: string;
  readonly to: string;
}

const DAY_MS = 86_400_000;

/** The days of a period, first to last; empty when it ends before it begins. */
export function listDays({ from, to }: UsagePeriod): string[] {
  const first = Date.parse(from);
  const length = Math.max(0, Math.floor((Date.parse(to) - first) / DAY_MS) + 1);
  return Array.from({ length }, (_, i) => new Date(first + i * DAY_MS).toISOString().slice(0, 10));
}

/**
 * The ledger of a period by day, client and code, in this order, with totals.
 *
 * @param clientId everybody's when null
 */
export async function readUsage(
  redis: Redis,
  keys: LaneKeys,
  period: UsagePeriod,
  clientId: string | null,
): Promise<UsageReport> {
  const days = listDays(period);
  const ledgers = await Promise.all(days.map((day) => redis.hgetall(keys.ledger(day))));
  const data = ledgers.flatMap((ledger, i) => readDay(days[i] ?? '', ledger, clientId));
  const sum = (field: LedgerEntry['billed']) => data.reduce((total, row) => total + row[field], 0);
  const [billed, unbilled, unknown] = [sum('billed'), sum('unbilled'), sum('unknown')];
  return { ...period, data, total: { calls: billed + unbilled + unknown, billed, unbilled, unknown } };
}

function readDay(day: string, ledger: Readonly<Record<string, string>>, only: string | null): UsageRow[] {
  const rows = new Map<string, UsageRow>();
  for (const [field, text] of Object.entries(ledger)) {
    const [clientId = '', code = '', billed = ''] = field.split('|');
    if ((only !== null && clientId !== only) || !isBilling(billed)) continue;
    const name = `${clientId}|${code}`;
    const row = rows.get(name) ?? { day, clientId, code, billed: 0, unbilled: 0, unknown: 0 };
    rows.set(name, { ...row, [billed]: Number(text) });
  }
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function isBilling(text: string): text is LedgerEntry['billed'] {
  return text === 'billed' || text === 'unbilled' || text === 'unknown';
}
