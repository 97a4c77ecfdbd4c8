import type { AccountsConfiguration } from './accounts/account-settings.ts';
import type { WorkerSettings } from './settings.ts';

/** Settings, with the accounts that this process has the secrets of. They go into no log: see `maskSettings`. */
export interface RunSettings extends WorkerSettings {
  /** @default the one account of the environment */
  readonly accounts?: AccountsConfiguration;
}
