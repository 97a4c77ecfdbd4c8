import { z } from 'zod';
import { isKnownCode } from '../outcomes/resolve-outcome.ts';
import { parseKeyRing } from '../sealing/key-ring.ts';
import {
  addressRanges,
  certificateFile,
  choice,
  type DurationText,
  decimalNumber,
  duration,
  durations,
  flag,
  host,
  port,
  redisUrl,
  secretText,
  upstreamOrSandboxEndpoint,
  wholeNumber,
} from './shapes.ts';

/**
 * The settings by subsystem; each process composes its own schema from them (design: one schema per process).
 * Defaults live here and nowhere else; README's table is tested against them.
 */

/** What a timer may be set to. */
const interval = (min: DurationText) => duration({ min, max: '24h' });

export const processSettings = {
  LOG_LEVEL: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** `auto`: for people on a terminal, else JSON. */
  LOG_FORMAT: choice(['auto', 'json', 'pretty']).default('auto'),
  HOST: host.default('127.0.0.1'),
};

export const redisSettings = {
  REDIS_URL: redisUrl,
  /** PEM file with the authority to trust for `rediss://`, instead of the system's. */
  REDIS_CA_FILE: certificateFile.optional(),
};

export const laneSettings = {
  LANE: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 lower-case letters, digits or hyphens')
    .default('main'),
  QUOTA_PER_SECOND: wholeNumber({ min: 1, max: 20_000 }).prefault('20'),
};

export const sealingSettings = {
  VERIQUEUE_KEYS: z.string().transform((text, context) => {
    const parsing = parseKeyRing(text);
    if (parsing.ok) return parsing.keyRing;
    for (const message of parsing.errors) context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
};

/** The same, for a process that hands the text on. */
export const sealingKeysText = z.string().superRefine((text, context) => {
  const parsing = parseKeyRing(text);
  if (parsing.ok) return;
  for (const message of parsing.errors) context.addIssue({ code: 'custom', message });
});

export const retentionSettings = {
  /** How long a final verification's record is kept. */
  RETENTION: duration({ min: '1ms', max: '3650d' }).prefault('30d'),
  /** How long a subject may wait for its answer before it is shredded unanswered. */
  SUBJECT_TTL: duration({ min: '1ms', max: '365d' }).prefault('7d'),
};

export const callbackSettings = {
  ALLOW_INSECURE_CALLBACKS: flag.default(false),
};

export const producerSettings = {
  PORT: port().prefault('3000'),
  MAX_BACKLOG: wholeNumber({ min: 1, max: 1_000_000_000 }).prefault('100000'),
  /** Submissions of one client a second, over all producers; 0 sets no limit. */
  CLIENT_RATE_PER_SECOND: decimalNumber({ min: 0, max: 1_000_000 }).prefault('0'),
  /** How many of them may come at once. */
  CLIENT_BURST: wholeNumber({ min: 1, max: 1_000_000 }).prefault('100'),
  /** Of all bodies that one process is receiving or working on, in MiB; the largest photo takes 5. */
  MAX_UPLOADS_MIB: wholeNumber({ min: 8, max: 1_000_000 }).prefault('256'),
  /** Of one client's share of them. */
  CLIENT_UPLOADS_MIB: wholeNumber({ min: 8, max: 1_000_000 }).prefault('64'),
  /** Verifications of one client without an outcome, unless the client has a cap of its own; 0 sets no limit. */
  CLIENT_MAX_WAITING: wholeNumber({ min: 0, max: 1_000_000_000 }).prefault('0'),
  /** Records kept of one client, each some 5 kB; 0 sets no limit. */
  CLIENT_MAX_RECORDS: wholeNumber({ min: 0, max: 1_000_000_000 }).prefault('5000000'),
  /** Events that one client may have delivered again a minute, by itself; 0 sets no limit. */
  CLIENT_REDELIVERIES_PER_MINUTE: wholeNumber({ min: 0, max: 1_000_000 }).prefault('600'),
  /** And how many of them may be under way; 0 sets no limit. */
  CLIENT_MAX_REDELIVERIES: wholeNumber({ min: 0, max: 1_000_000_000 }).prefault('10000'),
  /** Connections of one address at a time; 0 sets no limit. */
  MAX_SOCKETS_PER_ADDRESS: wholeNumber({ min: 0, max: 1_000_000 }).prefault('1024'),
  /** Proxies that stand for many clients, and are believed which. */
  TRUSTED_PROXIES: addressRanges.optional(),
  ALLOW_CHECK_DIGIT_FAILURE: flag.default(false),
};

/** Whether the upstream is a stand-in, and whether it may be. */
export const sandboxUseSettings = {
  /** Of the whole Node.js world; `production` refuses the sandbox. */
  NODE_ENV: z.string().optional(),
  /** Lets a production process run on the sandbox. */
  ALLOW_SANDBOX: flag.default(false),
};

export const upstreamSettings = {
  TENCENTCLOUD_SECRET_ID: secretText,
  TENCENTCLOUD_SECRET_KEY: secretText,
  TENCENTCLOUD_TOKEN: secretText.optional(),
  FACEID_ENDPOINT: upstreamOrSandboxEndpoint.default('https://faceid.intl.tencentcloudapi.com'),
  /** Whether it is the real upstream, where its host does not show it. */
  LIVEMODE: flag.optional(),
  /** What the lane's account is called: two names on one lane are refused. */
  UPSTREAM_ACCOUNT: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
    .optional(),
  UPSTREAM_TIMEOUT: duration({ min: '100ms', max: '10m' }).prefault('10s'),
  MATCH_THRESHOLD: decimalNumber({ min: 0, max: 100 }).optional(),
  /** Codes the account is billed for; the outcome table has the default. */
  BILLED_CODES: z.string().transform(readBilledCodes).optional(),
  /** Encrypts ID number and name once more on their way to the upstream (API page, `Encryption`). */
  FIELD_ENCRYPTION: choice(['off', 'AES-256-CBC', 'SM4-GCM']).default('off'),
  /** The upstream's public key, as its console gives it out. */
  FIELD_ENCRYPTION_PUBLIC_KEY: z.string().optional(),
  UNKNOWN_FATE: choice(['ask_again', 'fail']).default('ask_again'),
};

export const retrySettings = {
  RETRIES: wholeNumber({ min: 0, max: 100 }).prefault('5'),
  RETRY_BASE: interval('1ms').prefault('1s'),
  RETRY_CAP: interval('1ms').prefault('60s'),
};

export const personLimitSettings = {
  /** Upstream calls about one ID number; 0 leaves it to the upstream to refuse. */
  PERSON_PER_MINUTE: wholeNumber({ min: 0, max: 1_000_000 }).prefault('15'),
  PERSON_PER_DAY: wholeNumber({ min: 0, max: 1_000_000 }).prefault('30'),
};

export const workerSettings = {
  WORKER_PORT: port().prefault('0'),
  /** Of the quota, what bulk verifications keep while interactive ones wait too; 0 to 1. */
  BULK_SHARE: decimalNumber({ min: 0, max: 1 }).prefault('0.1'),
  WORKER_CONCURRENCY: wholeNumber({ min: 1, max: 10_000 }).prefault('64'),
  /** Standard Webhooks 1.0.0, its retry schedule; each delay from the end of the attempt before. */
  DELIVERY_SCHEDULE: durations({ min: '0s', max: '30d', most: 100 }).prefault(
    '0s,5s,5m,30m,2h,5h,10h,14h,20h,24h',
  ),
  DELIVERY_CONCURRENCY: wholeNumber({ min: 1, max: 10_000 }).prefault('64'),
  /** Between two probes of a held lane. */
  PROBE_INTERVAL: interval('10ms').prefault('60s'),
  /** Between two probes of a lane that is slow because nothing is answered. */
  SLOW_PROBE_INTERVAL: interval('10ms').prefault('10s'),
  /** How often subjects and records past their time are looked for. */
  SWEEP_INTERVAL: interval('10ms').prefault('60s'),
  SHUTDOWN_DEADLINE: duration({ min: '0s', max: '1h' }).prefault('20s'),
};

/** A code that the upstream never answers with would leave the bill wrong without a word. */
function readBilledCodes(text: string, context: z.RefinementCtx<string>): string[] {
  const codes = text.split(',').map((code) => code.trim());
  codes.forEach((code, i) => {
    if (isKnownCode(code) && !code.startsWith('Veriqueue.')) return;
    const message = `entry ${i + 1} must be a code that the upstream answers with (docs/outcomes.md lists them), such as Success`;
    context.addIssue({ code: 'custom', message });
  });
  return codes;
}
