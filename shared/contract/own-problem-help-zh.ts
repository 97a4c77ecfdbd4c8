import type { ProblemCode } from './problem.ts';

/** The same in Chinese. */
export const ownProblemHelpZh = {
  self_service_off: {
    title: '该客户端的此项设置只能由运维人员更改',
    meaning: '运维人员关闭了您客户端的自助管理。您仍可以查看全部内容。',
    action: '请运维人员代为更改，或开启自助管理（`veriqueue client set --self-service on`）。',
  },
  no_callback_url: {
    title: '该客户端没有回调地址',
    meaning: '要求向回调地址发送测试事件，而您的客户端没有回调地址。',
    action: '请用 `PATCH /v1/callback` 设置一个，或请运维人员设置。',
  },
  test_not_sent: {
    title: '没有工作进程及时发送测试事件',
    meaning: '20 秒之内没有工作进程发送测试事件：没有工作进程运行、全部繁忙，或其版本较早。',
    action: '在 `Retry-After` 之后重发。如果仍然如此，请运维人员检查工作进程。',
  },
  last_manage_key: {
    title: '没有其他有效的 API 密钥具有 manage 权限',
    meaning: '这是最后一个具有 `manage` 权限的有效密钥。吊销之后，只有运维人员能为您创建密钥。',
    action: '请先另建一个具有 `manage` 的密钥。确实要吊销时，请以 `evenLast=true` 重发请求。',
  },
  too_many_api_keys: {
    title: '该客户端的 API 密钥已达到上限',
    meaning: '一个客户端自行创建的密钥最多为 `CLIENT_MAX_API_KEYS` 个，或运维人员为其设定的数目。',
    action: '请吊销不再需要的密钥，或请运维人员提高上限。',
  },
  too_many_endpoints: {
    title: '该客户端的接收端已达到上限',
    meaning: '除回调地址之外，一个客户端最多可以有 `CLIENT_MAX_ENDPOINTS` 个接收端。',
    action: '请移除一个，或请运维人员提高上限。',
  },
} satisfies Partial<Record<ProblemCode, Readonly<Record<'title' | 'meaning' | 'action', string>>>>;
