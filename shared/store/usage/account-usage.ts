import type { AccountCounts, OperatorUsage } from '../../contract/usage.ts';
import type { StoreKeys } from '../keys.ts';
import { passByWalk, type ReportPassedBy } from '../redis/pass-by.ts';
import type { Redis } from '../redis/redis-client.ts';
import { scanHash } from '../redis/scan-hash.ts';
import { listDays, type UsagePeriod } from '../verifications/usage-period.ts';
import { readUsage } from './usage.ts';

/**
 * What each account was asked in a period, as far as a file names the accounts: calls from before, and those that were lost with
 * their worker, are in the usage of all and in none of these.
 *
 * @throws {RangeError} for a period that is none or too long
 */
export async function readAccountUsage(
  redis: Redis,
  keys: StoreKeys,
  period: UsagePeriod,
  report: ReportPassedBy,
): Promise<AccountCounts[]> {
  const sums = new Map<string, AccountCounts>();
  for (const day of listDays(period)) {
    const ledger = scanHash(redis, keys.accountLedger(day));
    for await (const page of passByWalk(`account ledger of ${day}`, report, ledger)) {
      for (const [field, count] of page) addCount(sums, field, Number(count));
    }
  }
  return [...sums.values()].toSorted((a, b) => (a.account < b.account ? -1 : 1));
}

/** The usage of every client, and that of every account. */
export async function readOperatorUsage(
  redis: Redis,
  keys: StoreKeys,
  period: UsagePeriod,
  report: ReportPassedBy,
): Promise<OperatorUsage> {
  const [usage, accounts] = await Promise.all([
    readUsage(redis, keys, period, report),
    readAccountUsage(redis, keys, period, report),
  ]);
  return { ...usage, accounts };
}

function addCount(sums: Map<string, AccountCounts>, field: string, count: number): void {
  const [account = '', , billed = ''] = field.split('|');
  if (account === '' || !Number.isSafeInteger(count)) return;
  const sum = sums.get(account) ?? { account, billed: 0, unbilled: 0, unknown: 0 };
  if (billed !== 'billed' && billed !== 'unbilled' && billed !== 'unknown') return;
  sums.set(account, { ...sum, [billed]: sum[billed] + count });
}
