import { z } from 'zod';
import { isKnownCode } from '../outcomes/resolve-outcome.ts';
import { parseKeyRing } from '../sealing/key-ring.ts';
import { acceptAfter } from './accept-after.ts';
import {
  addressRanges,
  choice,
  type DurationText,
  decimalNumber,
  duration,
  durations,
  flag,
  host,
  port,
  secretText,
  upstreamOrSandboxEndpoint,
  wholeNumber,
} from './shapes.ts';

/**
 * The settings by subsystem; each process composes its own schema from them (design: one schema per process). Defaults
 * and descriptions live here and nowhere else: docs/configuration.md is made from them. `allowed` describes the values
 * where the message about a bad one does not.
 */

/** What a timer may be set to. */
const interval = (min: DurationText) => duration({ min, max: '24h' });

export const processSettings = {
  LOG_LEVEL: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('The lowest level that is logged.'),
  LOG_FORMAT: choice(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('How log lines look. `auto` writes `pretty` lines on a terminal and JSON elsewhere.'),
  HOST: host
    .default('127.0.0.1')
    .describe(
      'The address to listen on. `127.0.0.1` is [reached from this machine alone](going-live.md#ports-and-processes); our image sets `0.0.0.0`.',
    ),
};

export const logSharingSettings = {
  LOG_SHARING: flag
    .default(true)
    .describe(
      'Shares log lines through Redis, for `veriqueue tail --logs`: warnings and errors, and finer lines while an operator follows them; none below `LOG_LEVEL`. The latest 1,000 are kept, for a day at most.',
    ),
};

const laneName = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 lower-case letters, digits or hyphens');

export const testLaneSettings = {
  TEST_LANE: laneName
    .optional()
    .describe(
      'The lane of [test keys](api-keys.md#test-keys), whose workers ask the sandbox. Unset, test keys get `401`.',
    ),
};

export const laneSettings = {
  LANE: laneName
    .default('main')
    .describe('The name of the lane. It is part of every Redis key: lanes on one Redis share nothing.'),
  QUOTA_PER_SECOND: wholeNumber({ min: 1, max: 20_000 })
    .prefault('20')
    .describe(
      'The calls a second that the upstream allows your account. Give every process of a lane the same number.',
    ),
};

const SEALING_KEYS = {
  description:
    'The [sealing keys](going-live.md#the-sealing-keys), newest first, separated by commas. Workers need keys that open; producers need only keys that seal. Producers and workers take entries that [a key management service has encrypted](kms.md). `npm start` makes them when this is unset.',
  allowed: 'one or more `id:kind:base64`',
};

export const sealingSettings = {
  VERIQUEUE_KEYS: z
    .string()
    .transform((text, context) => {
      const parsing = parseKeyRing(text);
      if (parsing.ok) return parsing.keyRing;
      for (const message of parsing.errors) context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .meta(SEALING_KEYS),
};

/** The same, for a process that hands the text on. */
export const sealingKeysText = z
  .string()
  .superRefine((text, context) => {
    const parsing = parseKeyRing(text);
    if (parsing.ok) return;
    for (const message of parsing.errors) context.addIssue({ code: 'custom', message });
  })
  .meta(SEALING_KEYS);

export const retentionSettings = {
  RETENTION: duration({ min: '1ms', max: '3650d' })
    .prefault('30d')
    .describe(
      'How long you can read a verification after its event was delivered. It begins [earlier, or not at all](receiving.md#how-long-it-is-kept), for one whose event cannot be delivered, or that was cancelled.',
    ),
  SUBJECT_TTL: duration({ min: '1ms', max: '365d' })
    .prefault('7d')
    .describe(
      'How long a photo may wait for its answer. Then it is deleted, and the verification fails with `Veriqueue.SubjectExpired`.',
    ),
};

export const callbackSettings = {
  ALLOW_INSECURE_CALLBACKS: flag
    .default(false)
    .describe('Allows callback URLs with `http://` and on private addresses. `npm start` sets it.'),
};

export const producerSettings = {
  PORT: port().prefault('3000').describe('The port of the HTTP API.'),
  MAX_BACKLOG: wholeNumber({ min: 1, max: 1_000_000_000 })
    .prefault('100000')
    .describe(
      'How many verifications of all clients together may wait for an outcome. Beyond it, all submissions get 503 `backlog_full`.',
    ),
  ACCEPT_AFTER: acceptAfter.prefault('exec').meta({
    description:
      'What a submission waits for before its 202. `exec`: Redis has carried it out. `replicas:N`: N replicas have it. `fsync`: it is on the disk of the primary (Redis 7.2). Unconfirmed, it gets 503: [what that costs](which-redis.md#what-a-202-survives).',
    allowed: '`exec`, `replicas:1` to `replicas:9`, or `fsync`',
  }),
  CLIENT_RATE_PER_SECOND: decimalNumber({ min: 0, max: 1_000_000 })
    .prefault('0')
    .describe('Submissions of one client a second, over all producers. 0 sets no limit.'),
  CLIENT_BURST: wholeNumber({ min: 1, max: 1_000_000 })
    .prefault('100')
    .describe('How many submissions of one client may come at once within `CLIENT_RATE_PER_SECOND`.'),
  MAX_UPLOADS_MIB: wholeNumber({ min: 8, max: 1_000_000 })
    .prefault('256')
    .describe(
      'MiB of request bodies that one process holds at once. Beyond it, submissions get 503 `uploads_full`. The largest photo takes 5.',
    ),
  CLIENT_UPLOADS_MIB: wholeNumber({ min: 8, max: 1_000_000 })
    .prefault('64')
    .describe(
      'MiB of them that one client may hold. Beyond it, its submissions get 429 `client_uploads_full`.',
    ),
  CLIENT_MAX_WAITING: wholeNumber({ min: 0, max: 1_000_000_000 })
    .prefault('0')
    .describe(
      'Verifications of one client without an outcome, unless [the client has a cap of its own](cli.md#clients). Beyond it, its submissions get 429 `client_backlog_full`. 0 sets no limit, and [one client can fill the backlog of all](fair-shares.md#where-it-ends).',
    ),
  CLIENT_MAX_RECORDS: wholeNumber({ min: 0, max: 1_000_000_000 })
    .prefault('5000000')
    .describe(
      'Verifications kept of one client, [some 5 kB each](sizing.md#redis). Beyond it, its submissions get 429 `too_many_records`. 0 sets no limit.',
    ),
  CLIENT_REDELIVERIES_PER_MINUTE: wholeNumber({ min: 0, max: 1_000_000 })
    .prefault('600')
    .describe(
      'Events that one client may have delivered again a minute, over all producers. 0 sets no limit.',
    ),
  CLIENT_MAX_REDELIVERIES: wholeNumber({ min: 0, max: 1_000_000_000 })
    .prefault('10000')
    .describe('How many redeliveries of one client may be under way. 0 sets no limit.'),
  MAX_SOCKETS_PER_ADDRESS: wholeNumber({ min: 0, max: 1_000_000 })
    .prefault('1024')
    .describe(
      'Connections of one address at a time; of IPv6, of its first 64 bits. Beyond it, requests get 429 `too_many_connections`. 0 sets no limit.',
    ),
  TRUSTED_PROXIES: addressRanges
    .optional()
    .describe(
      'Your proxies. Their connections are not limited, and `X-Forwarded-For` of theirs names the address of a client.',
    ),
  ALLOW_CHECK_DIGIT_FAILURE: flag
    .default(false)
    .describe("Accepts ID numbers with a wrong check digit, such as the one in the upstream's own example."),
};

/** Whether the upstream is a stand-in, and whether it may be. */
export const sandboxUseSettings = {
  NODE_ENV: z.string().optional().meta({
    description: '`production` refuses to run on the sandbox, which verifies no real person.',
    allowed: 'any text',
  }),
  ALLOW_SANDBOX: flag.default(false).describe('Lets `NODE_ENV=production` run on the sandbox all the same.'),
};

export const upstreamSettings = {
  TENCENTCLOUD_SECRET_ID: secretText.describe(
    'The SecretId of [your Tencent Cloud account](tencent-cloud.md). `npm start` uses the sandbox when this is unset.',
  ),
  TENCENTCLOUD_SECRET_KEY: secretText.describe('The SecretKey that belongs to it.'),
  TENCENTCLOUD_TOKEN: secretText.optional().describe('The token of temporary credentials.'),
  FACEID_ENDPOINT: upstreamOrSandboxEndpoint
    .default('https://faceid.intl.tencentcloudapi.com')
    .describe(
      'Where the upstream is: [the international or the Chinese endpoint](tencent-cloud.md#endpoints). `http://` works for loopback, and for the sandbox on an internal host with `ALLOW_SANDBOX=true`, `LIVEMODE=false` and its own credentials.',
    ),
  LIVEMODE: flag
    .optional()
    .describe(
      'Says whether `FACEID_ENDPOINT` is the real service. Needed only for a host that is neither Tencent Cloud nor loopback.',
    ),
  UPSTREAM_ACCOUNT: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
    .optional()
    .describe(
      'A name that you give the account. A worker with another name [may not join the lane](operations.md#what-a-lane-asks).',
    ),
  UPSTREAM_TIMEOUT: duration({ min: '100ms', max: '10m' })
    .prefault('10s')
    .describe('How long to wait for an answer after the last byte was sent.'),
  MATCH_THRESHOLD: decimalNumber({ min: 0, max: 100 })
    .optional()
    .describe('A match with a lower similarity becomes `no_match`. Unset, the upstream decides.'),
  BILLED_CODES: z.string().transform(readBilledCodes).optional().meta({
    description:
      'The [codes](outcomes.md) that your contract bills. Unset, those of the public price list: see [what costs money](tencent-cloud.md#price).',
    allowed: 'codes, separated by commas',
  }),
  FIELD_ENCRYPTION: choice(['off', 'AES-256-CBC', 'SM4-GCM'])
    .default('off')
    .describe('Encrypts ID number and name once more inside TLS (`Encryption` of the upstream API).'),
  FIELD_ENCRYPTION_PUBLIC_KEY: z.string().optional().meta({
    description: "The upstream's public key for `FIELD_ENCRYPTION`, from the FaceID console.",
    allowed: 'a public key in PEM, or the Base64 of one',
  }),
  UNKNOWN_FATE: choice(['ask_again', 'fail'])
    .default('ask_again')
    .describe(
      'What follows a call that was sent and got no readable answer. `ask_again` may pay twice; `fail` ends with an `error`. Both mark the outcome [`possiblyBilledAgain`](outcomes.md#the-fields-of-an-outcome).',
    ),
};

export const retrySettings = {
  RETRIES: wholeNumber({ min: 0, max: 100 })
    .prefault('5')
    .describe('Attempts beyond the first, for a code that is worth asking again.'),
  RETRY_BASE: interval('1ms')
    .prefault('1s')
    .describe(
      'The longest wait before the first repeat. It doubles with each further one; the waits are random up to it.',
    ),
  RETRY_CAP: interval('1ms').prefault('60s').describe('No wait between two attempts is longer.'),
};

export const personLimitSettings = {
  PERSON_PER_MINUTE: wholeNumber({ min: 0, max: 1_000_000 })
    .prefault('15')
    .describe('Calls about one ID number a minute. 0 leaves it to the upstream to refuse.'),
  PERSON_PER_DAY: wholeNumber({ min: 0, max: 1_000_000 })
    .prefault('30')
    .describe(
      'Calls about one ID number a day, from midnight to midnight at UTC+08:00. 0 leaves it to the upstream.',
    ),
};

export const workerSettings = {
  WORKER_PORT: port()
    .prefault('0')
    .describe("The port of a worker's health and metrics. 0 takes a free one."),
  BULK_SHARE: decimalNumber({ min: 0, max: 1 })
    .prefault('0.1')
    .describe('The part of the calls that are for bulk verifications while interactive ones wait too.'),
  WORKER_CONCURRENCY: wholeNumber({ min: 1, max: 10_000 })
    .prefault('64')
    .describe('Verifications that one worker has in flight.'),
  DELIVERY_SCHEDULE: durations({ min: '0s', max: '30d', most: 100 })
    .prefault('0s,5s,5m,30m,2h,5h,10h,14h,20h,24h')
    .describe(
      'When an event is delivered, and delivered again after a failure: each delay counts from the end of the attempt before.',
    ),
  DELIVERY_CONCURRENCY: wholeNumber({ min: 1, max: 10_000 })
    .prefault('64')
    .describe('Deliveries that one worker has in flight.'),
  PROBE_INTERVAL: interval('10ms').prefault('60s').describe('The time between two probes of a held lane.'),
  SLOW_PROBE_INTERVAL: interval('10ms')
    .prefault('10s')
    .describe('The time between two probes of a slow lane.'),
  SWEEP_INTERVAL: interval('10ms')
    .prefault('60s')
    .describe('How often a worker looks for what is past `SUBJECT_TTL` or `RETENTION`.'),
  SHUTDOWN_DEADLINE: duration({ min: '0s', max: '1h' })
    .prefault('20s')
    .describe(
      'How long a stopping worker may take to finish. It ends 5 s later at the latest: [wait longer](operations.md#restart) before you kill it.',
    ),
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
