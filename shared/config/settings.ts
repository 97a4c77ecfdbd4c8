import { z } from 'zod';
import { parseKeyRing } from '../sealing/key-ring.ts';

/**
 * The settings by subsystem; each process composes its own schema from them (design: one schema per process).
 * Defaults live here and nowhere else; README's table is tested against them.
 */

const positiveInt = z.coerce.number('must be a whole number').int().positive();
const flag = z.stringbool({ error: 'must be true or false' });

/** Durations as `500ms`, `30s`, `5m`, `2h`, `7d`; the value is ms. */
const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'must be a duration such as 500ms, 30s, 5m, 2h or 7d')
  .transform((text) => {
    const [, amount = '0', unit = 'ms'] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
    return Number(amount) * unitMs[unit as keyof typeof unitMs];
  });

/** One delay per delivery attempt, `0s,5s,5m`; the value is in ms. */
export const durations = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(duration).min(1));

export const processSettings = {
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** `auto`: for people on a terminal, else JSON. */
  LOG_FORMAT: z.enum(['auto', 'json', 'pretty']).default('auto'),
  HOST: z.string().default('127.0.0.1'),
};

export const redisSettings = {
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' }),
  /** PEM file with the authority to trust for `rediss://`, instead of the system's. */
  REDIS_CA_FILE: z.string().optional(),
};

export const laneSettings = {
  LANE: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 lower-case letters, digits or hyphens')
    .default('main'),
  QUOTA_PER_SECOND: positiveInt.max(20_000).default(20),
};

export const sealingSettings = {
  VERIQUEUE_KEYS: z.string().transform((text, context) => {
    const parsing = parseKeyRing(text);
    if (parsing.ok) return parsing.keyRing;
    for (const message of parsing.errors) context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
};

export const retentionSettings = {
  /** How long a final verification's record is kept. */
  RETENTION: duration.prefault('30d'),
  /** How long a subject may wait for its answer before it is shredded unanswered. */
  SUBJECT_TTL: duration.prefault('7d'),
};

export const callbackSettings = {
  ALLOW_INSECURE_CALLBACKS: flag.default(false),
};

export const producerSettings = {
  PORT: z.coerce.number('must be a port').int().min(0).max(65_535).default(3000),
  MAX_BACKLOG: positiveInt.default(100_000),
  /** Submissions of one client a second, over all producers; 0 sets no limit. */
  CLIENT_RATE_PER_SECOND: z.coerce.number('must be a number').min(0).max(1_000_000).default(0),
  /** How many of them may come at once. */
  CLIENT_BURST: positiveInt.max(1_000_000).default(100),
  ALLOW_CHECK_DIGIT_FAILURE: flag.default(false),
};

export const upstreamSettings = {
  TENCENTCLOUD_SECRET_ID: z.string(),
  TENCENTCLOUD_SECRET_KEY: z.string(),
  TENCENTCLOUD_TOKEN: z.string().optional(),
  FACEID_ENDPOINT: z
    .url()
    .refine(isUsableEndpoint, 'must be an https:// URL (http:// only for a loopback address)')
    .default('https://faceid.intl.tencentcloudapi.com'),
  UPSTREAM_TIMEOUT: duration.prefault('10s'),
  MATCH_THRESHOLD: z.coerce.number('must be a number').min(0).max(100).optional(),
  /** Codes the account is billed for; the outcome table has the default. */
  BILLED_CODES: z
    .string()
    .transform((text) => text.split(',').map((code) => code.trim()))
    .optional(),
  /** Encrypts ID number and name once more on their way to the upstream (API page, `Encryption`). */
  FIELD_ENCRYPTION: z.enum(['off', 'AES-256-CBC', 'SM4-GCM']).default('off'),
  /** The upstream's public key, as its console gives it out. */
  FIELD_ENCRYPTION_PUBLIC_KEY: z.string().optional(),
  UNKNOWN_FATE: z.enum(['ask_again', 'fail']).default('ask_again'),
};

export const retrySettings = {
  RETRIES: z.coerce.number('must be a whole number').int().min(0).max(100).default(5),
  RETRY_BASE: duration.prefault('1s'),
  RETRY_CAP: duration.prefault('60s'),
};

export const personLimitSettings = {
  /** Upstream calls about one ID number; 0 leaves it to the upstream to refuse. */
  PERSON_PER_MINUTE: z.coerce.number('must be a whole number').int().min(0).default(15),
  PERSON_PER_DAY: z.coerce.number('must be a whole number').int().min(0).default(30),
};

export const workerSettings = {
  WORKER_PORT: z.coerce.number('must be a port').int().min(0).max(65_535).default(0),
  /** Of the quota, what bulk verifications keep while interactive ones wait too; 0 to 1. */
  BULK_SHARE: z.coerce.number('must be a number').min(0).max(1).default(0.1),
  WORKER_CONCURRENCY: positiveInt.max(10_000).default(64),
  /** Standard Webhooks 1.0.0, its retry schedule; each delay from the end of the attempt before. */
  DELIVERY_SCHEDULE: durations.prefault('0s,5s,5m,30m,2h,5h,10h,14h,20h,24h'),
  DELIVERY_CONCURRENCY: positiveInt.max(10_000).default(64),
  /** Between two probes of a held lane. */
  PROBE_INTERVAL: duration.prefault('60s'),
  /** Between two probes of a lane that is slow because nothing is answered. */
  SLOW_PROBE_INTERVAL: duration.prefault('10s'),
  /** How often subjects and records past their time are looked for. */
  SWEEP_INTERVAL: duration.prefault('60s'),
  SHUTDOWN_DEADLINE: duration.prefault('20s'),
};

function isUsableEndpoint(text: string): boolean {
  const url = new URL(text);
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}
