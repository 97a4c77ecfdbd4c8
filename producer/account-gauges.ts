import type { Registry } from 'prom-client';
import type { AccountReading } from '../shared/account/account-readings.ts';
import { quotaOf } from '../shared/account/account-readings.ts';
import { laneOverview } from '../shared/contract/lane.ts';
import { registerReadGauge, type Sample } from './read-gauge.ts';

interface Described {
  readonly name: string;
  readonly help: string;
}

/** Of every account, because the lane runs while one of them does. With one account they repeat what the lane's gauges show. */
export function registerAccountGauges(
  registry: Registry,
  read: () => Promise<{ readonly accounts: readonly AccountReading[] } | null>,
): void {
  const register = (described: Described, show: (account: AccountReading) => readonly Sample[]) =>
    registerReadGauge(registry, { ...described, labelNames: ['account', 'status'] }, read, ({ accounts }) =>
      accounts.flatMap((account) =>
        show(account).map(([labels, value]): Sample => [{ account: account.name, ...labels }, value]),
      ),
    );
  register(
    { name: 'veriqueue_account_status', help: '1 for the status the account is in, 0 for the others' },
    ({ state }) =>
      laneOverview.shape.status.options.map((status) => [{ status }, state.status === status ? 1 : 0]),
  );
  register(
    { name: 'veriqueue_account_quota_per_second', help: 'Requests per second the account is allowed' },
    (account) => [[{}, quotaOf(account)]],
  );
  register(
    { name: 'veriqueue_account_workers', help: 'Workers that have the secrets of the account' },
    ({ workers }) => [[{}, workers]],
  );
}
