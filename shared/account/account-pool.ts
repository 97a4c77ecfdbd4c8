import type { AccountKeys } from '../store/keys.ts';
import type { AccountUpstream } from './limiter/account-upstream.ts';
import type { Limiter } from './limiter/limiter.ts';
import type { PersonLimit } from './person-limit/person-limit.ts';

/** One upstream account: where it is asked, and what limits it over all workers. Of verifications it knows nothing. */
export interface Account {
  readonly keys: AccountKeys;
  /** As the account's first worker wrote it down. */
  readonly asks: AccountUpstream;
  readonly limiter: Limiter;
  readonly persons: PersonLimit;
}

/** The accounts that a worker has the secrets of. */
export interface AccountPool<SomeAccount extends Account> {
  /** In the order of their configuration. */
  readonly accounts: readonly [SomeAccount, ...SomeAccount[]];
  /**
   * The account that the next call is made on. It is chosen for a claimed verification before the call is prepared, because
   * endpoint, signature and the limit per person are the account's. Whether it is open says whether any account is.
   */
  choose(): SomeAccount;
}

/** One account answers for everything, so that nothing has to be chosen. */
export function poolOfOne<SomeAccount extends Account>(account: SomeAccount): AccountPool<SomeAccount> {
  return { accounts: [account], choose: () => account };
}
