import { type AccountCredentials, resolveSecrets } from '../../shared/config/account-secrets.ts';
import { type AccountEntry, isLive } from '../../shared/config/accounts-file.ts';
import type { Mistake } from '../../shared/config/environment.ts';
import { decideLivemode, refuseSandbox } from '../../shared/config/livemode.ts';
import { validatePlainHttp } from '../../shared/config/plain-http.ts';
import { FIRST_ACCOUNT } from '../../shared/store/keys.ts';
import type { WorkerSettings } from '../settings.ts';

/** One account that this process may ask, with its secrets. */
export interface AccountSettings {
  /** Its name in keys, logs and metrics. */
  readonly name: string;
  /** Null for the one account of the environment: nothing has to name it. */
  readonly shownAs: string | null;
  readonly credentials: AccountCredentials;
  readonly endpoint: string;
  readonly region: string | undefined;
  readonly quotaPerSecond: number;
  readonly weight: number;
  /** The clients that it is reserved for; null: all that have none of their own. */
  readonly clients: readonly string[] | null;
  readonly livemode: boolean;
  /** What an operator calls it besides: UPSTREAM_ACCOUNT. */
  readonly label: string;
}

export interface AccountsConfiguration {
  /** At least one. */
  readonly served: readonly [AccountSettings, ...AccountSettings[]];
  /** Of all accounts that the file has: those included whose secrets other workers have. */
  readonly quotaPerSecond: number;
  /** Accounts of the file that this process has no secrets of. */
  readonly notServed: readonly { readonly name: string; readonly missing: string }[];
  /** Whether they come from ACCOUNTS_FILE. */
  readonly isFromFile: boolean;
}

/** The one account of the environment. */
export function accountOfEnvironment(settings: WorkerSettings): AccountsConfiguration {
  const mode = decideLivemode(settings.FACEID_ENDPOINT, settings.LIVEMODE);
  const account: AccountSettings = {
    name: FIRST_ACCOUNT,
    shownAs: null,
    credentials: {
      // The settings hold that both are set where there is no file of accounts.
      secretId: settings.TENCENTCLOUD_SECRET_ID ?? '',
      secretKey: settings.TENCENTCLOUD_SECRET_KEY ?? '',
      ...(settings.TENCENTCLOUD_TOKEN === undefined ? {} : { token: settings.TENCENTCLOUD_TOKEN }),
    },
    endpoint: settings.FACEID_ENDPOINT,
    region: undefined,
    quotaPerSecond: settings.QUOTA_PER_SECOND,
    weight: settings.QUOTA_PER_SECOND,
    clients: null,
    livemode: mode.known && mode.livemode,
    label: settings.UPSTREAM_ACCOUNT ?? '',
  };
  return {
    served: [account],
    quotaPerSecond: settings.QUOTA_PER_SECOND,
    notServed: [],
    isFromFile: false,
  };
}

export type AccountsResolution =
  | { readonly ok: true; readonly accounts: AccountsConfiguration }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

type Environment = Readonly<Record<string, string | undefined>>;

/** The accounts that a worker asks: those of ACCOUNTS_FILE that it has the secrets of, or else that of the environment. */
export function resolveAccounts(settings: WorkerSettings, environment: Environment): AccountsResolution {
  const entries = settings.ACCOUNTS_FILE;
  if (entries === undefined) return { ok: true, accounts: accountOfEnvironment(settings) };
  const resolved = entries.map((entry) => ({ entry, secrets: resolveSecrets(entry, environment) }));
  const mistakes = resolved.flatMap(({ entry, secrets }) => {
    if (secrets.status === 'wrong') return secrets.reasons.map((reason) => describe(entry, reason));
    const refusals = secrets.status === 'found' ? validateUse(entry, secrets.credentials, settings) : [];
    return refusals.map((reason) => describe(entry, reason));
  });
  const [first, ...others] = resolved.flatMap(({ entry, secrets }) =>
    secrets.status === 'found' ? [toSettings(entry, secrets.credentials, settings)] : [],
  );
  if (first === undefined && mistakes.length === 0) {
    mistakes.push({
      variable: 'ACCOUNTS_FILE',
      reason:
        'must have an account whose secrets this process has: set the variables or files that it refers to',
    });
  }
  if (first === undefined || mistakes.length > 0) return { ok: false, mistakes };
  return {
    ok: true,
    accounts: {
      served: [first, ...others],
      quotaPerSecond: entries.reduce((sum, { quota }) => sum + quota, 0),
      notServed: resolved.flatMap(({ entry, secrets }) =>
        secrets.status === 'absent' ? [{ name: entry.name, missing: secrets.missing }] : [],
      ),
      isFromFile: true,
    },
  };
}

const describe = ({ name }: AccountEntry, reason: string): Mistake => ({
  variable: 'ACCOUNTS_FILE',
  reason: `account ${name}: ${reason}`,
});

function toSettings(
  entry: AccountEntry,
  credentials: AccountCredentials,
  settings: WorkerSettings,
): AccountSettings {
  return {
    name: entry.name,
    shownAs: entry.name,
    credentials,
    endpoint: entry.endpoint,
    region: entry.region,
    quotaPerSecond: entry.quota,
    weight: entry.weight ?? entry.quota,
    clients: entry.clients ?? null,
    livemode: isLive(entry),
    // The name that a lane of one account was given stays, so that workers of both ways may run side by side.
    label: entry.name === FIRST_ACCOUNT ? (settings.UPSTREAM_ACCOUNT ?? '') : '',
  };
}

function validateUse(
  entry: AccountEntry,
  credentials: AccountCredentials,
  settings: WorkerSettings,
): string[] {
  const plain = validatePlainHttp({
    FACEID_ENDPOINT: entry.endpoint,
    LIVEMODE: entry.livemode,
    ALLOW_SANDBOX: settings.ALLOW_SANDBOX,
    TENCENTCLOUD_SECRET_ID: credentials.secretId,
    TENCENTCLOUD_SECRET_KEY: credentials.secretKey,
    TENCENTCLOUD_TOKEN: credentials.token,
  });
  const sandbox = refuseSandbox(isLive(entry), settings);
  return [
    ...(plain === null ? [] : [`endpoint ${plain}`]),
    ...(sandbox === null ? [] : [`ALLOW_SANDBOX ${sandbox}`]),
  ];
}
