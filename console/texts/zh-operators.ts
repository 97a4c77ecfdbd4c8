import type { enOperators } from './en-operators.ts';

/** `zh.ts` 中属于运维人员页面的部分。 */
export const zhOperators: typeof enOperators = {
  operators: {
    caption: '运维人员，按名称排列',
    name: '名称',
    role: '权限',
    full: '查看和更改',
    readOnly: '只读',
    key: '密钥',
    createdAt: '创建时间',
    lastUsed: '最近使用',
    never: '从未',
    sessions: '打开的会话',
    self: '您',
    environment: '生产者的 OPERATOR_KEY，随该设置更换。',
    none: '还没有运维人员持有自己的密钥：知道 OPERATOR_KEY 的人都以 “environment” 的名义操作。',
    help: '每位运维人员使用自己的密钥和名称操作，名称记录在日志和操作记录中。“最近使用”最多晚一分钟。',
    add: '新建运维人员',
    nameHelp: '显示在操作记录中的名称：1 到 40 个字母、汉字、数字以及 . _ @ -',
    roleHelp: '可以更改内容的密钥也可以添加和移除运维人员。',
    create: '创建密钥',
    created: '密钥已创建。请立即复制，之后无法再次显示。',
    operatorKey: '运维密钥',
    revoke: '吊销…',
    revokeName: (name) => `吊销 ${name} 的密钥`,
    revokeTitle: (name) => `吊销 ${name} 的密钥？`,
    revokeConsequence: (sessions) =>
      `该密钥立即被拒绝${sessions === '0' ? '' : `，其 ${sessions} 个打开的会话随之结束`}。该运维人员做过的操作仍保留在操作记录中。`,
    ownWarning: '这是您自己的密钥：您会立即退出登录，并且不能再用它登录。',
    lastWarning: '没有其他运维人员持有可以更改内容的密钥。此后只有生产者的 OPERATOR_KEY 可以更改内容。',
    revokeConfirm: '吊销',
    revokeAnyway: '仍然吊销',
    revoked: (name) => `${name} 的密钥已吊销。`,
  },
};
