import { ownProblemHelpZh } from './own-problem-help-zh.ts';
import type { ProblemCode } from './problem.ts';
import type { ProblemHelp } from './problem-help.ts';

/** As {@link ProblemHelp}, with the title, which is in English in the problem itself. */
export interface TranslatedHelp extends ProblemHelp {
  readonly title: string;
}

const SAME_KEY = '并使用相同的 `Idempotency-Key`';

/** The help on problems in Chinese, for `/problems/<code>` and docs/errors.zh.md. */
export const problemHelpZh: Readonly<Record<ProblemCode, TranslatedHelp>> = {
  malformed_body: {
    title: '无法读取请求正文',
    meaning: '正文不是 JSON，也不是表单，或与请求头所声明的不符。`errors` 说明哪里有误。',
    action: '修正请求。不要原样重发。',
  },
  json_too_complex: {
    title: 'JSON 正文的层数或成员过多',
    meaning: 'JSON 正文嵌套过深或成员过多。正常的提交都不会如此。',
    action: '只发送提交所需的字段。',
  },
  request_aborted: {
    title: '连接在请求到达之前关闭',
    meaning: '请求尚未到达，连接就关闭了。',
    action: `再次发送，${SAME_KEY}。`,
  },
  malformed_request: {
    title: '无法读取请求',
    meaning: '请求行或某个请求头不是有效的 HTTP。',
    action: '使用 HTTP 客户端库，或修正该请求头。',
  },
  unauthorized: {
    title: '需要有效的 API 密钥',
    meaning: 'API 密钥缺失、错误或已吊销，或其客户端已停用。',
    action: '发送 `Authorization: Bearer vq_…`。如果您的密钥已吊销，请向运维人员索取新的密钥。',
  },
  test_keys_off: {
    title: '该部署不接受测试密钥',
    meaning: '密钥以 `vq_test_` 开头，而该部署没有用于测试密钥的通道（`TEST_LANE`）。',
    action: '请使用正式密钥，或请运维人员开通[测试密钥](api-keys.zh.md#测试密钥)。',
  },
  key_expired: {
    title: '该 API 密钥已过期',
    meaning: '该 API 密钥设有截止时间，且已经过了。`detail` 说明是什么时候。',
    action: '请向运维人员索取新的密钥。请在旧密钥到期之前换上新密钥：多个密钥可以同时有效。',
  },
  operator_key_required: {
    title: '需要运维密钥',
    meaning: '控制台无法确认您的身份：会话已结束，或运维密钥错误。',
    action: '用您的运维密钥登录。第一个密钥是生产者的 `OPERATOR_KEY`。',
  },
  budget_exhausted: {
    title: '该客户端已用尽计费调用的预算',
    meaning: '您的客户端当天或当月（+08:00）已计费的调用，加上等待中可能计费的调用，已达到预算。',
    action: `在 \`Retry-After\` 之后，即下一天或下一月开始时重发，${SAME_KEY}；如果等待中的一部分未计费就结束，可以更早。\`GET /v1/usage\` 显示预算。预算由运维人员设置。`,
  },
  read_only: {
    title: '该运维密钥只能读取',
    meaning: '您登录所用的运维密钥只能读取，不能更改任何内容。',
    action: '用可以更改的运维密钥登录，或请持有这种密钥的运维人员处理。',
  },
  scope_missing: {
    title: '该 API 密钥无权执行此操作',
    meaning:
      '该 API 密钥没有此请求所需的权限，`detail` 列出密钥拥有的权限和缺少的权限。未指定权限的密钥有 `submit` 和 `read`。',
    action: '使用有此权限的密钥，或向运维人员索取。已有密钥的权限不会改变。',
  },
  address_not_allowed: {
    title: '不允许从该地址使用此 API 密钥',
    meaning: '该 API 密钥只允许从某些地址使用，而请求来自别处。`detail` 给出服务端看到的地址。',
    action:
      '请从密钥列表中的地址发送，或向运维人员索取另一个密钥。如果 `detail` 给出的是您的代理，请运维人员将其加入 `TRUSTED_PROXIES`。',
  },
  foreign_origin: {
    title: '只有控制台页面可以发送此请求',
    meaning: '该请求要更改内容，却不是来自控制台自己的页面。',
    action: '请以浏览器所示的地址打开控制台，中间不要有更改 `Origin` 或 `Host` 的代理。',
  },
  not_found: {
    title: '没有这样的资源',
    meaning: '路径未知，或没有这次核验：从未存在、保留期已过，或属于另一个客户端。',
    action: '检查路径和 id。没有得到 `202` 的提交还没有 id：请再次发送。',
  },
  method_not_allowed: {
    title: '该资源不接受此方法',
    meaning: '该路径不接受此方法。`Allow` 头列出它接受的方法。',
    action: '使用 `Allow` 中的方法之一。',
  },
  request_timeout: {
    title: '请求未能及时到达',
    meaning: '15 秒内没有收到正文的任何字节，或正文用时超过 60 秒。',
    action: `再次发送，${SAME_KEY}。检查网络，或发送较小的照片。`,
  },
  too_late: {
    title: '已来不及取消这次核验',
    meaning: '工作进程已开始查询上游，或已经有了结果。',
    action: '不必处理。要移除已结束的核验，请使用 `DELETE …?erase=true`。',
  },
  being_processed: {
    title: '核验正在上游处理或正在投递',
    meaning: '对上游的调用或投递正在进行，不能中断。',
    action: '在 `Retry-After` 之后重发。',
  },
  not_redeliverable: {
    title: '还没有可以再次投递的事件',
    meaning: '还没有事件，或其投递仍在进行。',
    action: '等待事件。只对已送达、死信或挂起的事件重新投递。',
  },
  callback_not_allowed: {
    title: '回调地址的来源已不再为该客户端登记',
    meaning: '回调地址的来源已不再为您的客户端登记。',
    action:
      '请运维人员登记该来源，然后重新投递。`npx veriqueue client set <client> --origin <origin>` 会替换全部来源，因此其他来源也要一并写上。',
  },
  last_key: {
    title: '客户端保留最后一个 API 密钥：请先添加另一个，或停用该客户端',
    meaning: '客户端保留最后一个 API 密钥：没有密钥的客户端看起来如同从未存在。',
    action: '请先添加另一个密钥。要阻止该客户端，请将其停用。',
  },
  no_test_lane: {
    title: '该部署没有用于测试密钥的通道',
    meaning: '要求创建测试密钥，而生产者没有设置 `TEST_LANE`。',
    action: '请先开通[测试通道](api-keys.zh.md#测试密钥)，再创建密钥。',
  },
  operator_name_taken: {
    title: '该名称已有运维人员使用：请先吊销其密钥',
    meaning: '该名称的运维人员已有密钥。一个名称只对应一个密钥，操作记录才能指明是谁。',
    action: '换一个名称，或先吊销该密钥。',
  },
  too_many_operators: {
    title: '不能再添加运维人员：请先吊销一个密钥',
    meaning: '已有一百名运维人员持有密钥，达到上限。',
    action: '吊销不再需要的密钥。',
  },
  own_operator_key: {
    title: '该请求正是使用这个密钥发出的',
    meaning: '您要吊销的正是发出该请求所用的密钥。吊销后您会立即退出登录。',
    action: '请另一位运维人员吊销它。如果确实如此，请带上 `evenOwn=true` 重发请求。',
  },
  last_operator_key: {
    title: '没有其他运维人员持有可以更改内容的密钥',
    meaning: '这是最后一个可以更改内容的具名密钥。吊销之后，只有生产者的 `OPERATOR_KEY` 可以更改内容。',
    action: '请先添加另一位运维人员。如果确实如此，请带上 `evenLast=true` 重发请求。',
  },
  cannot_meet_deadline: {
    title: '无法承诺在该时间之前给出答复',
    meaning: '无法承诺在 `answerBy` 之前给出答复；没有受理任何内容。',
    action:
      '请用 `earliestAnswerBy` 中的时间或更晚的时间重新提交，或不带 `answerBy` 提交。在无法承诺任何时间时（例如通道被挂起），该时间为 null。',
  },
  unknown_sequence: {
    title: '尚无事件得到这个序号',
    meaning:
      '`after` 大于您任何事件的序号。Redis 丢失了最新的数据，或从备份恢复；也可能该序号来自另一个客户端或另一套部署。',
    action: '从 0 或从您信任的序号重新读取事件，并按 `id`（即 `webhook-id`）识别已有的事件。',
  },
  subject_kept: {
    title: '该核验的内容尚未删除',
    meaning: '该核验正在等待答复，在此期间会保留照片。因此还没有删除回执。',
    action: '在核验最终完成之后，或在取消或抹除它之后，再次请求。',
  },
  receipts_not_offered: {
    title: '该部署不签发回执',
    meaning: '该部署没有用于签名的密钥（`SIGNING_KEYS`）。',
    action: '请部署的运维人员设置一个。内容是否删除与此无关。',
  },
  uploads_not_offered: {
    title: '该部署没有可供上传照片的存储',
    meaning: '等待中的照片保存在 Redis 中，Redis 不接受外部上传。上传需要对象存储（`PHOTO_STORE`）。',
    action: '将照片随提交一起发送，使用表单或 Base64，或给出其 `imageUrl`。',
  },
  in_progress: {
    title: '使用该 Idempotency-Key 的请求仍在处理',
    meaning: '此刻正在处理另一个使用该 `Idempotency-Key` 的请求。',
    action: '在 `Retry-After` 之后重发。届时您会得到另一个请求所建立的核验。',
  },
  body_too_large: {
    title: '请求正文过大',
    meaning: '正文大于任何有效的提交。照片最多 2,359,296 字节，即 3 MiB 的 Base64。',
    action: '发送较小的照片。',
  },
  url_too_long: {
    title: '请求的 URL 过长',
    meaning: 'URL 比任何有效的 URL 都长。',
    action: '检查查询参数。',
  },
  unsupported_media_type: {
    title: '不支持该内容类型',
    meaning: '内容类型既不是 `application/json` 也不是 `multipart/form-data`，或正文经过压缩。',
    action: '发送 JSON 或表单，不带 `Content-Encoding`。',
  },
  invalid_submission: {
    title: '提交中有无效的字段',
    meaning:
      '一个或多个字段有误。`errors` 以代码列出每一个；见[字段错误的代码](#codes-of-bad-fields)。没有查询任何内容，也不计费。',
    action: '修正这些字段。如果是人填写的，请向其显示这些信息。',
  },
  invalid_request: {
    title: '请求中有无效的字段',
    meaning: '请求的字段有误。`errors` 列出每一个。',
    action: '修正这些字段。',
  },
  invalid_query: {
    title: '查询中有无效的参数',
    meaning: '某个查询参数有误。`errors` 列出每一个。',
    action: '修正这些参数。`cursor` 只能取自之前的应答。',
  },
  idempotency_mismatch: {
    title: '该 Idempotency-Key 曾用于另一个正文',
    meaning: '该 `Idempotency-Key` 在最近 24 小时内曾用于其他内容。',
    action: '查明两次提交中哪一个有误。新的提交请使用新的键。',
  },
  invalid_idempotency_key: {
    title: 'Idempotency-Key 无效',
    meaning: '`Idempotency-Key` 为空、超过 255 个字符，或含有不可见或非 ASCII 的字符。',
    action: '使用订单号或 UUID 之类的键。',
  },
  client_backlog_full: {
    title: '该客户端等待中的核验已达上限',
    meaning: '您的客户端等待结果的核验已达到其上限或 `CLIENT_MAX_WAITING` 所允许的数量。',
    action: `在 \`Retry-After\` 之后重发，${SAME_KEY}：被拒绝的提交不占用其键。或取消不再需要的。限额由运维人员设置。`,
  },
  too_many_records: {
    title: '该客户端保存的核验已达上限',
    meaning: '您的客户端保存的核验已达到 `CLIENT_MAX_RECORDS` 所允许的数量。',
    action: '抹除不再需要的核验，等待其他核验的 `RETENTION` 期满，或请运维人员提高限额。',
  },
  too_many_redeliveries: {
    title: '该客户端进行中的重新投递已达上限',
    meaning: '您正在重新投递的事件已达到 `CLIENT_MAX_REDELIVERIES` 所允许的数量。',
    action: '其中一部分到达之后，在 `Retry-After` 之后重发。',
  },
  too_many_requests: {
    title: '请求过多',
    meaning:
      '您的发送速度超过您的客户端所允许的：提交（`CLIENT_RATE_PER_SECOND`）、重新投递（`CLIENT_REDELIVERIES_PER_MINUTE`）、对自身设置（回调地址、接收端、API 密钥）的更改、测试接收程序或登录；或您等待事件的请求过多。',
    action: `在 \`Retry-After\` 之后重发，${SAME_KEY}。`,
  },
  too_many_connections: {
    title: '该地址的连接过多',
    meaning: '您的地址打开的连接多于 `MAX_SOCKETS_PER_ADDRESS`，且全部在使用。',
    action: '复用连接。如果一个代理代表许多客户端，由运维人员在 `TRUSTED_PROXIES` 中写明。',
  },
  client_uploads_full: {
    title: '该客户端同时上传过多',
    meaning:
      '您的客户端正在发送的正文超过 `CLIENT_UPLOADS_MIB`，或者服务端正在按 `imageUrl` 为它取回 8 张照片。',
    action: `在 \`Retry-After\` 之后重发，${SAME_KEY}，同时减少上传的并发数。`,
  },
  headers_too_large: {
    title: '请求头过大',
    meaning: '请求头大于 16 KiB。',
    action: '去掉一些请求头，例如浏览器附加的 cookie。',
  },
  internal: {
    title: '服务器未能答复此请求',
    meaning: '服务器出错。运维人员可在日志中找到 `request_failed`。',
    action: `重发请求，${SAME_KEY}；如果持续出现，请告知运维人员。`,
  },
  backlog_full: {
    title: '积压已满',
    meaning:
      '等待的核验已达到 `MAX_BACKLOG` 所允许的数量：到来的多于配额所能放行的，某个客户端占满了积压，或通道已挂起。',
    action: `在 \`Retry-After\` 之后重发，${SAME_KEY}。`,
  },
  uploads_full: {
    title: '服务器同时接收的上传过多',
    meaning: '该进程正在接收的正文超过 `MAX_UPLOADS_MIB`。',
    action: `在 \`Retry-After\` 之后重发，${SAME_KEY}。`,
  },
  photo_store_unavailable: {
    title: '服务目前无法保存照片',
    meaning: '照片的对象存储没有应答，或拒绝了请求。该提交未被受理。等待中的核验在存储恢复之后继续。',
    action: `在 \`Retry-After\` 之后重发，${SAME_KEY}。`,
  },
  test_lane_unsafe: {
    title: '测试通道正在调用真实服务',
    meaning: '测试通道的某个工作进程调用的是真实服务：测试会核验真实的人，并且计费。没有受理任何内容。',
    action: '请运维人员让[测试通道](api-keys.zh.md#测试密钥)的工作进程改用沙箱。',
  },
  unavailable: {
    title: '服务目前不能接受请求',
    meaning: 'Redis 没有应答、已满，或不接受写入。提交仍有可能已被受理。',
    action: `在 \`Retry-After\` 之后重发，${SAME_KEY}。`,
  },
  ...ownProblemHelpZh,
};
