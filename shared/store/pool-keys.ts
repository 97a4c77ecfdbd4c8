/** Of `StoreKeys`, what is kept about the accounts that a file names. */
export interface PoolKeys {
  /** Hash: name of an account, what is known of it (JSON); only where a file names the accounts. */
  accounts(): string;
  /** Hash: calls per day (`yyyy-mm-dd`, +08:00), field `<account>|<code>|<billed|unbilled|unknown>`. */
  accountLedger(day: string): string;
}

/** @param tag what the store's keys begin with */
export function poolKeys(tag: string): PoolKeys {
  return {
    accounts: () => `${tag}:accounts`,
    accountLedger: (day) => `${tag}:account-ledger:${day}`,
  };
}
