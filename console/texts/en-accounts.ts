/** The part of `en.ts` that belongs to the accounts. */
export const enAccounts = {
  accounts: {
    title: 'Accounts',
    name: 'Account',
    state: 'State',
    inUse: 'Calls in the last second',
    workers: 'Workers',
    byAccount: 'By account',
    action: 'Action',
    pause: 'Pause…',
    pauseName: (name: string) => `Pause the account ${name}`,
    pauseTitle: (name: string) => `Pause the account ${name}?`,
    pauseConsequence:
      'Nothing more is asked on it until an operator resumes it. What waits goes to the other accounts.',
    pauseConfirm: 'Pause',
    pauseDone: (name: string) => `${name} is paused.`,
    resume: 'Resume…',
    resumeName: (name: string) => `Resume the account ${name}`,
    resumeTitle: (name: string) => `Resume the account ${name}?`,
    resumeConsequence:
      'Ends a pause, a hold and a slow phase of it at once. If the cause is still there, it closes again after a few attempts.',
    resumeConfirm: 'Resume',
    resumeDone: (name: string) => `${name} is resumed.`,
    ofQuota: (used: string, quota: string) => `${used} of ${quota}`,
  },
};
