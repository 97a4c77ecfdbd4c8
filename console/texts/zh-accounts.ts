import type { enAccounts } from './en-accounts.ts';

/** The part of `zh.ts` that belongs to the accounts. */
export const zhAccounts: typeof enAccounts = {
  accounts: {
    title: '账号',
    name: '账号',
    state: '状态',
    inUse: '最近一秒的调用',
    workers: '工作进程',
    ofQuota: (used, quota) => `${used} / ${quota}`,
  },
};
