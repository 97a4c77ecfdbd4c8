/** A section of docs/configuration.md. */
export interface SettingGroup {
  readonly title: string;
  /** One or two sentences for who decides whether to read on. */
  readonly introduction: string;
  /** In the order in which one decides about them. */
  readonly variables: readonly string[];
  /** Whether the `.env` to copy has them: those of a deployment. */
  readonly inEnvironmentFile: boolean;
}

/** Every setting that a process reads, once. A test holds this. */
export const SETTING_GROUPS: readonly SettingGroup[] = [
  {
    title: 'Required',
    introduction: 'A producer needs the first two, a worker all four. `npm start` needs none.',
    variables: ['REDIS_URL', 'VERIQUEUE_KEYS', 'TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY'],
    inEnvironmentFile: true,
  },
  {
    title: 'The upstream account',
    introduction: 'Which service is asked, and how fast: see [Tencent Cloud](tencent-cloud.md).',
    variables: [
      'QUOTA_PER_SECOND',
      'FACEID_ENDPOINT',
      'TENCENTCLOUD_TOKEN',
      'UPSTREAM_ACCOUNT',
      'ACCOUNTS_FILE',
      'LIVEMODE',
      'UPSTREAM_TIMEOUT',
      'FIELD_ENCRYPTION',
      'FIELD_ENCRYPTION_PUBLIC_KEY',
      'NODE_ENV',
      'ALLOW_SANDBOX',
    ],
    inEnvironmentFile: true,
  },
  {
    title: 'Verdicts and repeats',
    introduction:
      'Decide about the first two before you go live: they change what you pay and what a match is.',
    variables: [
      'UNKNOWN_FATE',
      'MATCH_THRESHOLD',
      'RETRIES',
      'RETRY_BASE',
      'RETRY_CAP',
      'PERSON_PER_MINUTE',
      'PERSON_PER_DAY',
      'PERSON_SCOPE',
      'BILLED_CODES',
    ],
    inEnvironmentFile: true,
  },
  {
    title: 'How long data is kept',
    introduction: 'A photo is deleted with its outcome, in any case.',
    variables: ['EPOCH_KEYS_REDIS_URL', 'RETENTION', 'SUBJECT_TTL', 'SWEEP_INTERVAL'],
    inEnvironmentFile: true,
  },
  {
    title: 'Proof',
    introduction: 'What others can verify: see [audit](audit.md).',
    variables: ['SIGNING_KEYS', 'AUDIT_RETENTION'],
    inEnvironmentFile: true,
  },
  {
    title: 'Where photos are',
    introduction: 'In Redis, unless you have [an object store](photo-store.md) for them.',
    variables: [
      'PHOTO_STORE',
      'PHOTO_STORE_ENDPOINT',
      'PHOTO_STORE_REGION',
      'PHOTO_STORE_PATH_STYLE',
      'PHOTO_STORE_ACCESS_KEY_ID',
      'PHOTO_STORE_SECRET_ACCESS_KEY',
      'PHOTO_STORE_SESSION_TOKEN',
      'PHOTO_STORE_TIMEOUT',
      'PHOTO_STORE_MAX_MIB',
    ],
    inEnvironmentFile: true,
  },
  {
    title: 'Submissions',
    introduction: 'What clients may submit, and how much of it.',
    variables: [
      'MAX_BACKLOG',
      'ACCEPT_AFTER',
      'CLIENT_RATE_PER_SECOND',
      'CLIENT_BURST',
      'CLIENT_MAX_WAITING',
      'CLIENT_MAX_RECORDS',
      'MAX_UPLOADS_MIB',
      'CLIENT_UPLOADS_MIB',
      'ALLOW_CHECK_DIGIT_FAILURE',
      'BULK_SHARE',
    ],
    inEnvironmentFile: true,
  },
  {
    title: 'Deliveries',
    introduction: 'How events reach callback URLs: see [Receiving events](receiving.md).',
    variables: [
      'DELIVERY_SCHEDULE',
      'CLIENT_REDELIVERIES_PER_MINUTE',
      'CLIENT_MAX_REDELIVERIES',
      'CLIENT_MAX_ENDPOINTS',
      'CLIENT_MAX_API_KEYS',
      'ALLOW_INSECURE_CALLBACKS',
    ],
    inEnvironmentFile: true,
  },
  {
    title: 'Listening',
    introduction: 'Addresses and ports, and who may connect.',
    variables: [
      'HOST',
      'PORT',
      'OPERATIONS_PORT',
      'OPERATIONS_HOST',
      'WORKER_PORT',
      'OPERATOR_KEY',
      'TRUSTED_PROXIES',
      'MAX_SOCKETS_PER_ADDRESS',
    ],
    inEnvironmentFile: true,
  },
  {
    title: 'Processes',
    introduction: 'The defaults fit one account with 20 calls a second.',
    variables: [
      'LANE',
      'TEST_LANE',
      'REDIS_CA_FILE',
      'REDIS_CERT_FILE',
      'REDIS_KEY_FILE',
      'REDIS_TLS_SERVERNAME',
      'REDIS_SENTINEL_USERNAME',
      'REDIS_SENTINEL_PASSWORD',
      'LOG_LEVEL',
      'LOG_FORMAT',
      'LOG_SHARING',
      'WORKER_CONCURRENCY',
      'DELIVERY_CONCURRENCY',
      'PROBE_INTERVAL',
      'SLOW_PROBE_INTERVAL',
      'SHUTDOWN_DEADLINE',
    ],
    inEnvironmentFile: true,
  },
  {
    title: 'npm start',
    introduction: 'For development. `npm start` hands every other setting on to the processes it starts.',
    variables: ['VERIQUEUE_DATA_DIR', 'VERIQUEUE_PRINT_KEYS'],
    inEnvironmentFile: false,
  },
  {
    title: 'The sandbox',
    introduction: 'For tests: see [the sandbox](../sandbox/README.md).',
    variables: [
      'SANDBOX_PORT',
      'SANDBOX_SECRET_ID',
      'SANDBOX_SECRET_KEY',
      'SANDBOX_TOKEN',
      'SANDBOX_LATENCY_MIN_MS',
      'SANDBOX_LATENCY_MAX_MS',
      'SANDBOX_PER_ID_LIMITS',
    ],
    inEnvironmentFile: false,
  },
];
