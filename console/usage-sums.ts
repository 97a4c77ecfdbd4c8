import type { UsageReport } from '../shared/contract/usage.ts';

/** Sums over a usage report. Pure. */

type Row = UsageReport['data'][number];

export interface UsageSum {
  /** A day, a code or a client's id. */
  readonly name: string;
  readonly billed: number;
  readonly unbilled: number;
  readonly unknown: number;
}

const nothing = { billed: 0, unbilled: 0, unknown: 0 };

function add(sum: Omit<UsageSum, 'name'>, row: Omit<UsageSum, 'name'>): Omit<UsageSum, 'name'> {
  return {
    billed: sum.billed + row.billed,
    unbilled: sum.unbilled + row.unbilled,
    unknown: sum.unknown + row.unknown,
  };
}

/** The largest first. */
export function sumUsage(rows: readonly Row[], nameOf: (row: Row) => string): UsageSum[] {
  const sums = new Map<string, Omit<UsageSum, 'name'>>();
  for (const row of rows) sums.set(nameOf(row), add(sums.get(nameOf(row)) ?? nothing, row));
  const calls = ({ billed, unbilled, unknown }: UsageSum) => billed + unbilled + unknown;
  return [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => calls(b) - calls(a));
}

const DAY_MS = 86_400_000;

/** Every day of the period, those without calls too. */
export function sumByDay({ from, to, data }: Pick<UsageReport, 'from' | 'to' | 'data'>): UsageSum[] {
  const sums = new Map(sumUsage(data, ({ day }) => day).map((sum) => [sum.name, sum]));
  const length = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
  return Array.from({ length }, (_, i) => {
    const name = new Date(Date.parse(from) + i * DAY_MS).toISOString().slice(0, 10);
    return sums.get(name) ?? { name, ...nothing };
  });
}

/** The part of a report that is one client's. */
export function usageOf(usage: UsageReport, clientId: string): UsageReport {
  const data = usage.data.filter((row) => row.clientId === clientId);
  const sum = data.reduce<Omit<UsageSum, 'name'>>(add, nothing);
  return { ...usage, data, total: { calls: sum.billed + sum.unbilled + sum.unknown, ...sum } };
}
