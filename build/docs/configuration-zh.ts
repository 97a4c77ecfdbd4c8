import type { Variable } from './setting-readers.ts';

/** What each setting means, for docs/configuration.zh.md. One for each: the compiler holds it, and a test its code and links. */
export const SETTING_MEANINGS_ZH: Readonly<Record<Variable, string>> = {
  REDIS_URL:
    '所用的 Redis：`redis[s]://[user:password@]host[:port][/database]`、`redis[s]+sentinel://…@host,host/name`、`redis[s]+cluster://…@host,host` 或 `unix:///path`。[选用哪种 Redis](which-redis.zh.md)逐一说明。服务器没有该数据库时，进程不会启动。未设置时，`npm start` 自行运行一个 Redis。',
  VERIQUEUE_KEYS:
    '[封存密钥](going-live.zh.md#封存密钥)，最新的在前，以逗号分隔。工作进程需要能够打开的密钥，生产者只需要用于封存的密钥。生产者和工作进程也接受[由密钥管理服务加密](kms.zh.md)的条目。未设置时，`npm start` 会生成。',
  SIGNING_KEYS:
    '用于签署供他人验证的内容的 [Ed25519 密钥](audit.zh.md#签名密钥)，最新的在前，以逗号分隔。审计记录和回执由第一个能够签名的密钥签名，事件由每个能够签名的密钥各签一次；全部公钥都会公布。未设置时，不用这种密钥签名。',
  AUDIT_RETENTION: '[审计记录](audit.zh.md#审计记录)的条目，以及已抹除内容的回执，保留多久。',
  TENCENTCLOUD_SECRET_ID:
    '[您的腾讯云账号](tencent-cloud.zh.md)的 SecretId。未设置时，`npm start` 使用沙箱。',
  TENCENTCLOUD_SECRET_KEY: '与之配套的 SecretKey。',
  QUOTA_PER_SECOND: '上游允许您的账号每秒调用的次数。同一通道的每个进程应设为相同的数值。',
  FACEID_ENDPOINT:
    '上游的地址：[国际站或中国站的接入点](tencent-cloud.zh.md#接入点)。`http://` 只能用于环回地址，以及内部主机上的沙箱，后者须设置 `ALLOW_SANDBOX=true`、`LIVEMODE=false` 并使用沙箱自己的凭证。',
  TENCENTCLOUD_TOKEN: '临时凭证的令牌。',
  UPSTREAM_ACCOUNT:
    '您为账号取的名称。使用其他名称的工作进程[不得加入该通道](operations.zh.md#通道所调用的上游)。',
  ACCOUNTS_FILE:
    '一个队列使用多个账号：[一个 YAML 或 JSON 文件](accounts.zh.md)，写明各账号的名称、配额以及密钥的出处。设置之后，工作进程不再读取 `TENCENTCLOUD_*`、`FACEID_ENDPOINT`、`LIVEMODE` 和 `QUOTA_PER_SECOND`。',
  LIVEMODE: '说明 `FACEID_ENDPOINT` 是否为真实服务。仅当主机既不是腾讯云也不是环回地址时才需要设置。',
  UPSTREAM_TIMEOUT: '最后一个字节发出之后，等待答复的最长时间。',
  FIELD_ENCRYPTION: '在 TLS 之内再次加密身份证号和姓名（上游接口的 `Encryption` 参数）。',
  FIELD_ENCRYPTION_PUBLIC_KEY: '`FIELD_ENCRYPTION` 所用的上游公钥，可在人脸核身控制台查看。',
  NODE_ENV: '设为 `production` 时拒绝使用沙箱，因为沙箱不核验任何真实的人。',
  ALLOW_SANDBOX: '即使 `NODE_ENV=production`，也允许使用沙箱。',
  UNKNOWN_FATE:
    '调用已经发出却没有得到可读的答复时如何处理。`ask_again` 可能付费两次；`fail` 以 `error` 结束。两者都在结果中标记 [`possiblyBilledAgain`](outcomes.zh.md#结果的字段)。',
  MATCH_THRESHOLD: '相似度低于此值的匹配改为 `no_match`。未设置时由上游判定。',
  RETRIES: '对于值得再次调用的代码，除第一次之外的尝试次数。',
  RETRY_BASE: '第一次重试之前的最长等待时间。此后每次加倍；实际等待时间在此范围内随机选取。',
  RETRY_CAP: '两次尝试之间的等待时间不会超过此值。',
  PERSON_SCOPE:
    '每人的上限是对所有账号合计，还是对每个账号分别计算。参见[每人的上限](accounts.zh.md#对同一人的限制)。',
  PERSON_PER_MINUTE: '每分钟对同一身份证号的调用次数。设为 0 则不作限制，由上游拒绝。',
  PERSON_PER_DAY: '每天对同一身份证号的调用次数，按 UTC+08:00 的自然日计算。设为 0 则不作限制，由上游拒绝。',
  BILLED_CODES:
    '您的合同所计费的[代码](outcomes.zh.md)。未设置时，采用公开价目表所列的代码：见[哪些调用计费](tencent-cloud.zh.md#价格)。',
  RETENTION:
    '事件送达之后，核验还可以读取多久。事件无法投递或核验已取消时，从[更早的时刻算起，或者不计时](receiving.zh.md#保留多久)。',
  SUBJECT_TTL: '照片最多等待答复多久。到期后照片被删除，核验以 `Veriqueue.SubjectExpired` 失败。',
  SWEEP_INTERVAL: '工作进程每隔多久查找一次超过 `SUBJECT_TTL` 或 `RETENTION` 的内容。',
  PHOTO_STORE:
    '封存后的照片在等待期间存放在哪里：`redis`，或[对象存储](photo-store.zh.md)中的 `s3://bucket/prefix`。可以列出多个，以逗号分隔：第一个接收新照片，其余的[读取到清空为止](photo-store.zh.md#更换存储)。',
  PHOTO_STORE_ENDPOINT: '对象存储的地址，不含存储桶。未设置时为 AWS。`http://` 只能用于环回地址和内部主机。',
  PHOTO_STORE_REGION: '请求签名所用的地域。没有地域的存储使用默认值或 `auto`。',
  PHOTO_STORE_PATH_STYLE: '将存储桶放在 URL 的路径中，而不是主机名之前。MinIO 和大多数自建存储需要这样。',
  PHOTO_STORE_ACCESS_KEY_ID: '[具有这些权限的用户](photo-store.zh.md#权限)的访问密钥。',
  PHOTO_STORE_SECRET_ACCESS_KEY: '与之配套的密钥。',
  PHOTO_STORE_SESSION_TOKEN: '临时凭证的令牌。',
  PHOTO_STORE_TIMEOUT: '对对象存储的一次尝试最多用多久。每个请求尝试 3 次。',
  PHOTO_STORE_MAX_MIB: '一个进程同时与对象存储之间传输的照片，单位为 MiB。其余的等待。',
  MAX_BACKLOG: '所有客户端合计最多允许多少次核验等待结果。超过之后，所有提交都得到 503 `backlog_full`。',
  CLIENT_RATE_PER_SECOND: '单个客户端每秒的提交次数，所有生产者合计。设为 0 则不作限制。',
  ACCEPT_AFTER:
    '一次提交在答复 202 之前等待什么。`exec`：Redis 已经执行。`replicas:N`：N 个副本也已具有。`fsync`：已写入主节点的磁盘（Redis 7.2）。未得到确认的提交得到 503：[代价如何](which-redis.zh.md#202-能经受什么)。',
  CLIENT_BURST: '在 `CLIENT_RATE_PER_SECOND` 之内，单个客户端可以同时到来的提交次数。',
  CLIENT_MAX_WAITING:
    '单个客户端尚无结果的核验次数，[客户端自己的上限](cli.zh.md#客户端)优先。超过之后，其提交得到 429 `client_backlog_full`。设为 0 则不作限制，[一个客户端就能占满所有人的积压](fair-shares.zh.md#边界)。',
  CLIENT_MAX_RECORDS:
    '单个客户端保留的核验次数，[每次约 5 kB](sizing.zh.md#redis)。超过之后，其提交得到 429 `too_many_records`。设为 0 则不作限制。',
  MAX_UPLOADS_MIB:
    '一个进程同时持有的请求正文，单位为 MiB。超过之后，提交得到 503 `uploads_full`。最大的照片占用 5 MiB。',
  CLIENT_UPLOADS_MIB:
    '其中单个客户端可以占用的部分，单位为 MiB。超过之后，其提交得到 429 `client_uploads_full`。',
  ALLOW_CHECK_DIGIT_FAILURE: '接受校验码错误的身份证号，例如上游自己示例中的号码。',
  BULK_SHARE: 'interactive 核验也在等待时，留给 bulk 核验的调用所占的比例。',
  DELIVERY_SCHEDULE: '事件何时投递，失败之后何时再次投递：每段间隔从上一次尝试结束时算起。',
  CLIENT_REDELIVERIES_PER_MINUTE:
    '单个客户端每分钟可以要求重新投递的事件数，所有生产者合计。设为 0 则不作限制。',
  CLIENT_MAX_ENDPOINTS: '除回调地址之外，一个客户端最多可以有的接收端数。0 表示不提供。',
  CLIENT_MAX_API_KEYS:
    '一个客户端的 API 密钥达到此数之后，不能再[自行创建](api-keys.zh.md#自行管理密钥)；测试密钥另计，上限相同。',
  CLIENT_MAX_REDELIVERIES: '单个客户端同时进行中的重新投递数。设为 0 则不作限制。',
  ALLOW_INSECURE_CALLBACKS: '允许 `http://` 的回调地址，以及位于私有地址的回调地址。`npm start` 会设置它。',
  HOST: '监听的地址。`127.0.0.1` [只有本机可以访问](going-live.zh.md#端口与进程)；我们的镜像设为 `0.0.0.0`。',
  PORT: 'HTTP API 的端口。',
  OPERATIONS_PORT: '将健康检查、指标、文档和控制台从 API 移到单独的监听端口。',
  OPERATIONS_HOST: '该监听端口的地址。未设置时与 `HOST` 相同。',
  WORKER_PORT: '工作进程的健康检查和指标所用的端口。设为 0 则取一个空闲端口。',
  OPERATOR_KEY: '打开[控制台](console.zh.md)和原始队列。未设置时两者都关闭。`npm start` 会生成一个。',
  TRUSTED_PROXIES: '您的代理。来自它们的连接数不受限制，它们的 `X-Forwarded-For` 给出客户端的地址。',
  MAX_SOCKETS_PER_ADDRESS:
    '来自同一地址的并发连接数；IPv6 按前 64 位计算。超过之后，请求得到 429 `too_many_connections`。设为 0 则不作限制。',
  EPOCH_KEYS_REDIS_URL:
    '另一个不写磁盘的 Redis，用于[时段密钥](epoch-keys.zh.md)：备份连同所有其他密钥，在一小时之后打不开任何内容。丢失它，等待中的核验也随之丢失。生产者和工作进程必须相同。',
  LANE: '通道的名称。它是每个 Redis 键的一部分：同一 Redis 上的不同通道不共享任何内容。',
  TEST_LANE:
    '[测试密钥](api-keys.zh.md#测试密钥)所用的通道，其工作进程调用沙箱。未设置时，测试密钥得到 `401`。',
  REDIS_CA_FILE: 'TLS（`rediss…`）所信任的证书颁发机构，用于代替系统信任的机构。',
  REDIS_CERT_FILE: 'Redis 要求客户端出示的证书，用于设有 `tls-auth-clients yes` 的 Redis。',
  REDIS_KEY_FILE: '`REDIS_CERT_FILE` 的私钥。',
  REDIS_TLS_SERVERNAME: 'Redis 证书中的名称，用于它与所连接的地址不同的情形。',
  REDIS_SENTINEL_USERNAME: '哨兵的用户名。`REDIS_URL` 中的用户用于 Redis 本身。',
  REDIS_SENTINEL_PASSWORD: '哨兵的密码。`REDIS_URL` 中的密码用于 Redis 本身。',
  LOG_LEVEL: '记录日志的最低级别。',
  LOG_FORMAT: '日志行的格式。`auto` 在终端上输出 `pretty` 格式，在其他情况下输出 JSON。',
  LOG_SHARING:
    '通过 Redis 共享日志行，供 `veriqueue tail --logs` 使用：警告和错误，以及运维人员正在跟踪时更细的日志行；低于 `LOG_LEVEL` 的不共享。保留最近 1,000 行，最多一天。',
  WORKER_CONCURRENCY: '一个工作进程同时处理的核验次数。',
  DELIVERY_CONCURRENCY: '一个工作进程同时进行的投递数。',
  PROBE_INTERVAL: '通道挂起期间两次试探的间隔。',
  SLOW_PROBE_INTERVAL: '通道为 slow 期间两次试探的间隔。',
  SHUTDOWN_DEADLINE:
    '工作进程停止时最多用多久完成手头的工作。它最迟在 5 秒之后退出：强行终止之前，请[等待更长的时间](operations.zh.md#重启)。',
  VERIQUEUE_DATA_DIR: '`npm start` 所生成的密钥、客户端和私有 Redis 的文件夹。',
  VERIQUEUE_PRINT_KEYS:
    '即使标准输出不是终端，也打印密钥。未设置时，`npm start` 只给出保存密钥的文件，因为日志会保留下来，也会被其他人阅读。',
  SANDBOX_PORT: '沙箱的端口。',
  SANDBOX_SECRET_ID: '调用必须携带的 SecretId。',
  SANDBOX_SECRET_KEY: '调用必须用来签名的 SecretKey。',
  SANDBOX_TOKEN: '设置之后，调用必须携带的令牌。',
  SANDBOX_LATENCY_MIN_MS: '答复的最短用时，单位为毫秒。',
  SANDBOX_LATENCY_MAX_MS: '答复的最长用时，单位为毫秒。',
  SANDBOX_PER_ID_LIMITS: '与真实服务一样，限制对同一身份证号的调用：每分钟 15 次，每天 30 次。',
};

/** The title and introduction of each group, by its English title. */
export const SETTING_GROUPS_ZH: Readonly<
  Record<string, { readonly title: string; readonly introduction: string }>
> = {
  Required: {
    title: '必填',
    introduction: '生产者需要前两个，工作进程需要全部四个。`npm start` 一个也不需要。',
  },
  'The upstream account': {
    title: '上游账号',
    introduction: '调用哪个服务、以多快的速度：见[腾讯云](tencent-cloud.zh.md)。',
  },
  'Verdicts and repeats': {
    title: '结论与重试',
    introduction: '上线之前请决定前两个：它们影响您支付的费用，以及什么算作匹配。',
  },
  'How long data is kept': {
    title: '数据保留多久',
    introduction: '无论如何设置，照片都会在得出结果的同时删除。',
  },
  Proof: { title: '证明', introduction: '他人可以验证的内容：见[审计](audit.zh.md)。' },
  'Where photos are': {
    title: '照片存放位置',
    introduction: '存放在 Redis 中，除非您为照片准备了[对象存储](photo-store.zh.md)。',
  },
  Submissions: { title: '提交', introduction: '客户端可以提交什么、提交多少。' },
  Deliveries: { title: '投递', introduction: '事件如何到达回调地址：见[接收事件](receiving.zh.md)。' },
  Listening: { title: '监听', introduction: '地址和端口，以及允许谁连接。' },
  Processes: { title: '进程', introduction: '默认值适合一个每秒 20 次调用的账号。' },
  'npm start': {
    title: 'npm start',
    introduction: '用于开发。`npm start` 会把其他所有设置传给它启动的进程。',
  },
  'The sandbox': { title: '沙箱', introduction: '用于测试：见[沙箱](../sandbox/README.zh.md)。' },
};

/** What the messages about bad values allow, in Chinese. The numbers stay those of the schemas. */
const ALLOWED_ZH: readonly (readonly [RegExp, string])[] = [
  [/^a Redis URL$/, 'Redis 的 URL'],
  [/^the path of a file$/, '文件的路径'],
  [/^one or more (`.+`)$/, '一个或多个 $1'],
  [/^`redis`, or one or more (`.+`)$/, '`redis`，或一个或多个 $1'],
  [
    /^a URL with https:\/\/ \(http:\/\/ for loopback, or for an internal host\), without credentials, query and fragment$/,
    'https:// 的 URL（环回地址或内部主机可用 http://），不含凭证、查询参数和片段',
  ],
  [
    /^(\d+) to (\d+) printable ASCII characters without spaces and line ends$/,
    '$1 至 $2 个可见 ASCII 字符，不含空格和换行',
  ],
  [/^a whole number from (\S+) to (\S+)$/, '$1 至 $2 的整数'],
  [/^a number from (\S+) to (\S+)$/, '$1 至 $2 的数值'],
  [/^a duration from (\S+) to (\S+)$/, '$1 至 $2 的时长'],
  [
    /^(\d+) to (\d+) durations separated by commas, each from (\S+) to (\S+)$/,
    '$1 至 $2 个时长，以逗号分隔，每个为 $3 至 $4',
  ],
  [
    /^a URL with https:\/\/ \(http:\/\/ for loopback, or for a sandbox on an internal host\), without credentials, query and fragment$/,
    'https:// 的 URL（环回地址，或内部主机上的沙箱，可用 http://），不含凭证、查询参数和片段',
  ],
  [
    /^(\d+) to (\d+) letters, digits, dots, hyphens or underscores$/,
    '$1 至 $2 个字母、数字、点、连字符或下划线',
  ],
  [/^(\d+) to (\d+) lower-case letters, digits or hyphens$/, '$1 至 $2 个小写字母、数字或连字符'],
  [/^(\d+) to (\d+) letters, digits, "-" and "_"$/, '$1 至 $2 个字母、数字、“-”和“_”'],
  [/^a host name or an IP address, without a scheme or a port$/, '主机名或 IP 地址，不含协议和端口'],
  [
    /^at least (\d+) characters \((\d+) at most\): printable ASCII, without spaces at its ends and line ends$/,
    '$1 至 $2 个可打印的 ASCII 字符，首尾没有空格，不含换行',
  ],
  [/^IP addresses and CIDR ranges, separated by commas$/, 'IP 地址和 CIDR 网段，以逗号分隔'],
  [/^the path of a readable PEM file with a certificate$/, '可读的 PEM 文件的路径，其中有证书'],
  [
    /^the path of a readable PEM file with a private key that has no passphrase$/,
    '可读的 PEM 文件的路径，其中有不设口令的私钥',
  ],
  [/^`exec`, `replicas:1` to `replicas:9`, or `fsync`$/, '`exec`、`replicas:1` 至 `replicas:9`，或 `fsync`'],
  [/^a public key in PEM, or the Base64 of one$/, 'PEM 格式的公钥，或其 Base64'],
  [/^codes, separated by commas$/, '代码，以逗号分隔'],
  [/^any text$/, '任何文本'],
  [/^a path$/, '路径'],
];

const CHOICE = /^[\w-]+(?:, [\w-]+)* or [\w-]+$/;

/** @throws Error when what a setting allows has no Chinese text yet */
export function describeAllowedZh(allowed: string): string {
  const [found] = ALLOWED_ZH.filter(([pattern]) => pattern.test(allowed));
  if (found !== undefined) return allowed.replace(...found);
  if (CHOICE.test(allowed)) return allowed.replaceAll(', ', '、').replace(' or ', ' 或 ');
  throw new Error(`ALLOWED_ZH needs a text for "${allowed}"`);
}
