import type { AccountKeys } from '../store/keys.ts';
import type { AccountUpstream } from './limiter/account-upstream.ts';
import type { Limiter } from './limiter/limiter.ts';
import type { PersonLimit } from './person-limit/person-limit.ts';

/** One upstream account: where it is asked, and what limits it over all workers. Of verifications it knows nothing. */
export interface Account {
  /** In keys, logs, metrics, attempts and the ledger. */
  readonly name: string;
  readonly keys: AccountKeys;
  /** Calls a second that the upstream allows it. */
  readonly quotaPerSecond: number;
  /** See `AccountView`. */
  readonly weight: number;
  /** The clients that it is reserved for; null: those that no account is reserved for. */
  readonly clients: ReadonlySet<string> | null;
  /** As the account's first worker wrote it down. */
  readonly asks: AccountUpstream;
  readonly limiter: Limiter;
  readonly persons: PersonLimit;
}

/** The accounts that a worker has the secrets of. */
export interface AccountPool<SomeAccount extends Account> {
  /** In the order of their configuration. */
  readonly accounts: readonly [SomeAccount, ...SomeAccount[]];
  /** Of all accounts of the lane, those included that other workers serve. */
  readonly quotaPerSecond: number;
  /**
   * Those that may be asked about a verification of a client: the ones reserved for it, and without one those reserved for
   * none. Empty where other workers have the secrets.
   */
  forClient(clientId: string): readonly SomeAccount[];
  /** The account asks another upstream now: nothing more is asked on it. @returns how many are left */
  drop(account: SomeAccount): number;
}

export function createAccountPool<SomeAccount extends Account>(
  accounts: readonly [SomeAccount, ...SomeAccount[]],
  quotaPerSecond: number,
): AccountPool<SomeAccount> {
  const dropped = new Set<SomeAccount>();
  return {
    accounts,
    quotaPerSecond,
    forClient: (clientId) => selectForClient(accounts, clientId).filter((account) => !dropped.has(account)),
    drop: (account) => {
      dropped.add(account);
      return accounts.length - dropped.size;
    },
  };
}

/** An account that is reserved for a client is asked about that client's verifications alone, and no other account is. */
export function selectForClient<A extends Pick<Account, 'clients'>>(
  accounts: readonly A[],
  clientId: string,
): readonly A[] {
  const reserved = accounts.filter(({ clients }) => clients?.has(clientId) === true);
  return reserved.length > 0 ? reserved : accounts.filter(({ clients }) => clients === null);
}
