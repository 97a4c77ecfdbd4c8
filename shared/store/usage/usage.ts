import type { Redis } from 'ioredis';
import type { UsageReport } from '../../contract/usage.ts';
import type { StoreKeys } from '../keys.ts';
import { passByWalk, type ReportPassedBy } from '../redis/pass-by.ts';
import { scanHash } from '../redis/scan-hash.ts';
import { copyLedgers } from '../verifications/copy-ledger.ts';
import { listDays, type UsagePeriod } from '../verifications/usage-period.ts';
import { readBudget } from './budget.ts';
import { type LedgerEntry, ledgerDay } from './ledger.ts';

type UsageRow = UsageReport['data'][number];

interface Count extends Omit<LedgerEntry, 'account'> {
  readonly count: number;
}

/**
 * What every client of a lane used in a period, by day, client and code, in this order, with totals. Its cost grows with
 * the clients, so it is for operators.
 *
 * @throws {RangeError} for a period that is none or too long
 */
export async function readUsage(
  redis: Redis,
  keys: StoreKeys,
  period: UsagePeriod,
  report: ReportPassedBy,
): Promise<UsageReport> {
  const counts: Count[] = [];
  for (const day of listDays(period)) {
    for await (const page of passByWalk(`ledger of ${day}`, report, scanHash(redis, keys.ledger(day)))) {
      counts.push(...page.flatMap(([field, count]) => parseCount([day, ...field.split('|')], count)));
    }
  }
  return sumUp(period, counts);
}

/**
 * The same of one client, and its budget: reads its own ledger alone, at most one hash for each month.
 *
 * @param now ms epoch
 * @throws {RangeError} for a period that is none or too long
 */
export async function readClientUsage(
  redis: Redis,
  keys: StoreKeys,
  {
    period,
    clientId,
    now,
    report,
  }: {
    readonly period: UsagePeriod;
    readonly clientId: string;
    readonly now: number;
    readonly report: ReportPassedBy;
  },
): Promise<UsageReport> {
  const days = listDays(period);
  const today = ledgerDay(now);
  await copyLedgers(
    redis,
    keys,
    days.filter((day) => day <= today),
    { now, report },
  );
  const counts: Count[] = [];
  for (const month of new Set(days.map((day) => day.slice(0, 7)))) {
    const ledger = scanHash(redis, keys.clientLedger(clientId, month));
    for await (const page of passByWalk(`ledger of ${clientId}, ${month}`, report, ledger)) {
      counts.push(
        ...page.flatMap(([field, count]) => {
          const [dayOfMonth = '', ...rest] = field.split('|');
          return parseCount([`${month}-${dayOfMonth}`, clientId, ...rest], count);
        }),
      );
    }
  }
  const budget = await readBudget(redis, keys, clientId, now);
  return {
    ...sumUp(
      period,
      counts.filter(({ day }) => day >= period.from && day <= period.to),
    ),
    budget,
  };
}

function parseCount(
  [day = '', clientId = '', code = '', billed = '']: readonly string[],
  text: string,
): Count[] {
  const count = Number(text);
  // A call that was taken for lost, and then answered, leaves a zero where it was counted first.
  return isBilling(billed) && Number.isSafeInteger(count) && count > 0
    ? [{ day, clientId, code, billed, count }]
    : [];
}

function sumUp(period: UsagePeriod, counts: readonly Count[]): UsageReport {
  const rows = new Map<string, UsageRow>();
  for (const { day, clientId, code, billed, count } of counts) {
    const name = `${day}|${clientId}|${code}`;
    const row = rows.get(name) ?? { day, clientId, code, billed: 0, unbilled: 0, unknown: 0 };
    rows.set(name, { ...row, [billed]: count });
  }
  const data = [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const sum = (field: LedgerEntry['billed']) => data.reduce((total, row) => total + row[field], 0);
  const [billed, unbilled, unknown] = [sum('billed'), sum('unbilled'), sum('unknown')];
  const { from, to } = period;
  return {
    from,
    to,
    data,
    total: { calls: billed + unbilled + unknown, billed, unbilled, unknown },
    budget: null,
  };
}

function isBilling(text: string): text is LedgerEntry['billed'] {
  return text === 'billed' || text === 'unbilled' || text === 'unknown';
}
