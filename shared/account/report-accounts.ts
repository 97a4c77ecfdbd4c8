import type { AccountReport } from '../contract/accounts.ts';
import type { AccountCounts } from '../contract/usage.ts';
import type { StoreKeys } from '../store/keys.ts';
import type { ReportPassedBy } from '../store/redis/pass-by.ts';
import type { Redis } from '../store/redis/redis-client.ts';
import { readAccountUsage } from '../store/usage/account-usage.ts';
import { ledgerDay } from '../store/usage/ledger.ts';
import { readUsage } from '../store/usage/usage.ts';
import { type AccountReading, readAccounts } from './account-readings.ts';
import { presentAccount } from './lane-overview.ts';

export interface AccountReportDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly report: ReportPassedBy;
  /** ms epoch */
  readonly now: () => number;
}

/** Every account of a lane, as an operator wants to see it. */
export async function reportAccounts(deps: AccountReportDeps): Promise<AccountReport[]> {
  const { redis, keys, report, now } = deps;
  const day = ledgerDay(now());
  const [accounts, usage] = await Promise.all([
    readAccounts(redis, keys),
    readAccountUsage(redis, keys, { from: day, to: day }, report),
  ]);
  const isNamed = accounts.some(({ known }) => known !== null);
  // The one account of the environment has made all calls there are.
  const total = isNamed ? null : (await readUsage(redis, keys, { from: day, to: day }, report)).total;
  return accounts.map((account) => {
    const counts = total ?? usage.find(({ account: name }) => name === account.name) ?? NONE;
    return presentReport(account, day, counts);
  });
}

const NONE = { billed: 0, unbilled: 0, unknown: 0 };

function presentReport(
  account: AccountReading,
  day: string,
  { billed, unbilled, unknown }: Pick<AccountCounts, 'billed' | 'unbilled' | 'unknown'>,
): AccountReport {
  const { known, state, upstream } = account;
  return {
    ...presentAccount(account),
    endpoint: upstream?.endpoint ?? known?.endpoint ?? null,
    region: known?.region ?? null,
    livemode: upstream?.livemode ?? known?.livemode ?? null,
    weight: known?.weight ?? null,
    clients: known?.clients ? [...known.clients] : null,
    calls: {
      lastSecond: state.grantedLastSecond,
      lastMinute: state.grantedLastMinute,
      refusedLastMinute: state.refusedLastMinute,
      total: state.grantedTotal,
    },
    today: { day, billed, unbilled, unknown },
  };
}
