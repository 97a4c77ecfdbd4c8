import { z } from 'zod';
import { evenWhenOthersFail } from '../../shared/config/cross-checks.ts';
import { checkPhotoStore } from '../../shared/config/photo-store-settings.ts';
import { checkRedisTarget } from '../../shared/config/redis-target.ts';
import { type ProducerLog, silentLog } from '../producer-log.ts';
import { checkKeys, type IntakeSettings, intakeShape } from '../settings.ts';

/**
 * Which Redis, and as whom. What has a default has that of the environment variable beside it, and must be what the
 * deployment's own producers and workers have.
 */
export interface ProducerOptions {
  /** `REDIS_URL`: `redis[s]://[user:password@]host[:port][/db]`, or of sentinels, a cluster or a socket */
  readonly redisUrl: string;
  /** `VERIQUEUE_KEYS`. Public keys and a digest key are enough: a producer seals what it cannot read. */
  readonly keys: string;
  /** `cli_…`: the client whose verifications these are. It must exist, and not be disabled, whenever it is used. */
  readonly clientId: string;
  /** `LANE` @default 'main' */
  readonly lane?: string | undefined;
  /** `REDIS_CA_FILE`: the authority to trust for `rediss://`, a PEM file. @default the system's */
  readonly redisCaFile?: string | undefined;
  /**
   * `PHOTO_STORE`: `redis`, or `s3://bucket/prefix`, where the deployment's workers read photos. @default 'redis'
   */
  readonly photoStore?: string | undefined;
  /** `PHOTO_STORE_ENDPOINT`: where the object store is, without the bucket. @default AWS */
  readonly photoStoreEndpoint?: string | undefined;
  /** `PHOTO_STORE_REGION` @default 'us-east-1' */
  readonly photoStoreRegion?: string | undefined;
  /** `PHOTO_STORE_PATH_STYLE` @default false */
  readonly photoStorePathStyle?: boolean | undefined;
  /** `PHOTO_STORE_ACCESS_KEY_ID`: needed where `photoStore` names a bucket. */
  readonly photoStoreAccessKeyId?: string | undefined;
  /** `PHOTO_STORE_SECRET_ACCESS_KEY` */
  readonly photoStoreSecretAccessKey?: string | undefined;
  /** `PHOTO_STORE_SESSION_TOKEN` */
  readonly photoStoreSessionToken?: string | undefined;
  /** `PHOTO_STORE_TIMEOUT`, such as `5s`, for one try. @default '5s' */
  readonly photoStoreTimeout?: string | undefined;
  /** `PHOTO_STORE_MAX_MIB`: photos on their way at a time. @default 64 */
  readonly photoStoreMaxMib?: number | undefined;
  /** `REDIS_CERT_FILE`: the certificate that Redis asks of its clients, a PEM file. @default none */
  readonly redisCertFile?: string | undefined;
  /** `REDIS_KEY_FILE`: its private key. @default none */
  readonly redisKeyFile?: string | undefined;
  /** `REDIS_TLS_SERVERNAME`: the name in the certificate of Redis. @default its address */
  readonly redisTlsServername?: string | undefined;
  /** `REDIS_SENTINEL_USERNAME` @default none */
  readonly redisSentinelUsername?: string | undefined;
  /** `REDIS_SENTINEL_PASSWORD` @default none */
  readonly redisSentinelPassword?: string | undefined;
  /** `ACCEPT_AFTER`: `exec`, `replicas:1` or more, or `fsync` @default 'exec' */
  readonly acceptAfter?: string | undefined;
  /** `RETENTION`, such as `30d`: how long a final verification is kept. @default '30d' */
  readonly retention?: string | undefined;
  /** `MAX_BACKLOG`: with so many verifications waiting, a submission is refused. @default 100,000 */
  readonly maxBacklog?: number | undefined;
  /** `CLIENT_MAX_WAITING`: verifications of one client without an outcome; 0 sets no limit. @default 0 */
  readonly maxClientWaiting?: number | undefined;
  /** `CLIENT_MAX_RECORDS`: verifications kept of one client; 0 sets no limit. @default 5,000,000 */
  readonly maxClientRecords?: number | undefined;
  /** `CLIENT_RATE_PER_SECOND`: submissions of one client, over all producers; 0 sets no limit. @default 0 */
  readonly clientRatePerSecond?: number | undefined;
  /** `CLIENT_BURST`: how many of them may come at once. @default 100 */
  readonly clientBurst?: number | undefined;
  /** `QUOTA_PER_SECOND`, for estimates until a worker has started. @default 20 */
  readonly quotaPerSecond?: number | undefined;
  /** `ALLOW_INSECURE_CALLBACKS` @default false */
  readonly allowInsecureCallbacks?: boolean | undefined;
  /** `ALLOW_CHECK_DIGIT_FAILURE` @default false */
  readonly allowCheckDigitFailure?: boolean | undefined;
  /** A pino logger, or anything like it. It gets no subject and no secret. @default logs nothing */
  readonly log?: ProducerLog | undefined;
  /** Ends the wait for a Redis that cannot be used yet. */
  readonly signal?: AbortSignal | undefined;
}

const VARIABLES = {
  redisUrl: 'REDIS_URL',
  keys: 'VERIQUEUE_KEYS',
  lane: 'LANE',
  redisCaFile: 'REDIS_CA_FILE',
  photoStore: 'PHOTO_STORE',
  photoStoreEndpoint: 'PHOTO_STORE_ENDPOINT',
  photoStoreRegion: 'PHOTO_STORE_REGION',
  photoStorePathStyle: 'PHOTO_STORE_PATH_STYLE',
  photoStoreAccessKeyId: 'PHOTO_STORE_ACCESS_KEY_ID',
  photoStoreSecretAccessKey: 'PHOTO_STORE_SECRET_ACCESS_KEY',
  photoStoreSessionToken: 'PHOTO_STORE_SESSION_TOKEN',
  photoStoreTimeout: 'PHOTO_STORE_TIMEOUT',
  photoStoreMaxMib: 'PHOTO_STORE_MAX_MIB',
  redisCertFile: 'REDIS_CERT_FILE',
  redisKeyFile: 'REDIS_KEY_FILE',
  redisTlsServername: 'REDIS_TLS_SERVERNAME',
  redisSentinelUsername: 'REDIS_SENTINEL_USERNAME',
  redisSentinelPassword: 'REDIS_SENTINEL_PASSWORD',
  acceptAfter: 'ACCEPT_AFTER',
  retention: 'RETENTION',
  maxBacklog: 'MAX_BACKLOG',
  maxClientWaiting: 'CLIENT_MAX_WAITING',
  maxClientRecords: 'CLIENT_MAX_RECORDS',
  clientRatePerSecond: 'CLIENT_RATE_PER_SECOND',
  clientBurst: 'CLIENT_BURST',
  quotaPerSecond: 'QUOTA_PER_SECOND',
  allowInsecureCallbacks: 'ALLOW_INSECURE_CALLBACKS',
  allowCheckDigitFailure: 'ALLOW_CHECK_DIGIT_FAILURE',
} as const satisfies Record<
  Exclude<keyof ProducerOptions, 'clientId' | 'log' | 'signal'>,
  keyof IntakeSettings
>;

const text = z.string('must be a text');
const number = z.number('must be a number').optional();
const flag = z.boolean('must be true or false').optional();
const LEVELS = ['debug', 'info', 'warn', 'error'];
const isLog = (value: unknown) =>
  typeof value === 'object' && value !== null && LEVELS.every((level) => level in value);

/** Types alone; what the values must be, the settings of the environment know. */
const shape = z.strictObject({
  redisUrl: text,
  keys: text,
  clientId: text.regex(/^cli_[0-9a-z]{1,64}$/, 'must be the id of a client, cli_…'),
  lane: text.optional(),
  redisCaFile: text.optional(),
  photoStore: text.optional(),
  photoStoreEndpoint: text.optional(),
  photoStoreRegion: text.optional(),
  photoStorePathStyle: flag,
  photoStoreAccessKeyId: text.optional(),
  photoStoreSecretAccessKey: text.optional(),
  photoStoreSessionToken: text.optional(),
  photoStoreTimeout: text.optional(),
  photoStoreMaxMib: number,
  redisCertFile: text.optional(),
  redisKeyFile: text.optional(),
  redisTlsServername: text.optional(),
  redisSentinelUsername: text.optional(),
  redisSentinelPassword: text.optional(),
  acceptAfter: text.optional(),
  retention: text.optional(),
  maxBacklog: number,
  maxClientWaiting: number,
  maxClientRecords: number,
  clientRatePerSecond: number,
  clientBurst: number,
  quotaPerSecond: number,
  allowInsecureCallbacks: flag,
  allowCheckDigitFailure: flag,
  log: z.custom<ProducerLog>(isLog, 'must have debug, info, warn and error').optional(),
  signal: z.instanceof(AbortSignal, { error: 'must be an AbortSignal' }).optional(),
});

const settings = intakeShape
  .superRefine(checkRedisTarget, evenWhenOthersFail)
  .superRefine(checkKeys, evenWhenOthersFail)
  .superRefine(checkPhotoStore, evenWhenOthersFail);

export interface ParsedOptions {
  readonly settings: IntakeSettings;
  readonly clientId: string;
  readonly log: ProducerLog;
  readonly signal: AbortSignal;
}

/** @throws {TypeError} that names every wrong option, and holds no value: some are secrets */
export function parseOptions(options: ProducerOptions): ParsedOptions {
  const given = shape.safeParse(options);
  if (!given.success) throw wrongOptions(given.error.issues.map(describeShape));
  const { clientId, log = silentLog, signal = new AbortController().signal, ...values } = given.data;
  const environment = Object.entries(VARIABLES).flatMap(([option, variable]) => {
    const value = values[option as keyof typeof VARIABLES];
    return value === undefined ? [] : [[variable, String(value)]];
  });
  const parsed = settings.safeParse(Object.fromEntries(environment));
  if (!parsed.success) throw wrongOptions(parsed.error.issues.map(describeValue));
  return { settings: parsed.data, clientId, log, signal };
}

function describeShape(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `there is no option ${issue.keys.join(', ')}`;
  return `${issue.path.map(String).join('.') || 'options'} ${issue.message}`;
}

/** By the option's name; a rule about two of them names the other by its variable. */
function describeValue({ path, message }: z.core.$ZodIssue): string {
  const named = Object.entries(VARIABLES);
  const [option = ''] = named.find(([, variable]) => variable === path[0]) ?? [];
  return `${option} ${named.reduce((rule, [name, variable]) => rule.replaceAll(variable, name), message)}`;
}

function wrongOptions(mistakes: readonly string[]): TypeError {
  return new TypeError(`openProducer was given wrong options: ${mistakes.join('; ')}`);
}
