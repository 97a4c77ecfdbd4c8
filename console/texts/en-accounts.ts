/** The part of `en.ts` that belongs to the accounts. */
export const enAccounts = {
  accounts: {
    title: 'Accounts',
    name: 'Account',
    state: 'State',
    inUse: 'Calls in the last second',
    workers: 'Workers',
    ofQuota: (used: string, quota: string) => `${used} of ${quota}`,
  },
};
