import type { enAccounts } from './en-accounts.ts';

/** The part of `zh.ts` that belongs to the accounts. */
export const zhAccounts: typeof enAccounts = {
  accounts: {
    title: '账号',
    name: '账号',
    state: '状态',
    inUse: '最近一秒的调用',
    workers: '工作进程',
    byAccount: '按账号',
    action: '操作',
    pause: '暂停…',
    pauseName: (name) => `暂停账号 ${name}`,
    pauseTitle: (name) => `暂停账号 ${name}？`,
    pauseConsequence: '在运维人员恢复之前，不再用它发出任何请求。等待中的核验转给其他账号。',
    pauseConfirm: '暂停',
    pauseDone: (name) => `${name} 已暂停。`,
    resume: '恢复…',
    resumeName: (name) => `恢复账号 ${name}`,
    resumeTitle: (name) => `恢复账号 ${name}？`,
    resumeConsequence: '立即结束它的暂停、挂起或降速状态。如果原因仍然存在，几次尝试之后它会再次关闭。',
    resumeConfirm: '恢复',
    resumeDone: (name) => `${name} 已恢复。`,
    ofQuota: (used, quota) => `${used} / ${quota}`,
  },
};
