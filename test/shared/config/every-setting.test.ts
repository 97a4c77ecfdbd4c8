import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { cliEnvironment } from '../../../cli/settings.ts';
import { startEnvironment } from '../../../dev/start/settings.ts';
import { producerEnvironment } from '../../../producer/settings.ts';
import { sandboxEnvironment } from '../../../sandbox/settings.ts';
import { EnvironmentError, parseEnvironment } from '../../../shared/config/environment.ts';
import { workerEnvironment } from '../../../worker/settings.ts';
import { programArguments } from '../../support/compiled-program.ts';

const processes = {
  producer: producerEnvironment,
  worker: workerEnvironment,
  sandbox: sandboxEnvironment,
  start: startEnvironment,
  'command line': cliEnvironment,
} as const;

const port = ['x', '-1', '65536', '80.5', '0x50', '3e3', ' 80'];
const whole = ['x', '-1', '1.5', '0x10', '1e3', '٣', '9999999999999999999'];
const flag = ['perhaps', '2', 'tru'];
const span = ['5', '5 s', '-5s', '1.5h', '5w', 'PT5M', '99999999999d'];
const header = ['with space', 'line\nend', 'ending\n', '\ttab', 'schlüssel', '钥匙', 'nul\0'];
const address = ['http://0.0.0.0', '127.0.0.1:3000', 'two words', 'a/b', '-x', 'a..b', '[::1]'];
const url = ['host', 'host:443', '//host', 'ftp://host/', 'https://', 'https://a b/x'];
const key = (bytes: number) => randomBytes(bytes).toString('base64');

/** Of every setting: values that are not what it asks for. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  LOG_LEVEL: ['loud', 'INFO', 'info '],
  LOG_FORMAT: ['xml', 'Json'],
  LOG_SHARING: flag,
  HOST: address,
  REDIS_URL: [
    ...url,
    'http://host',
    'redis://host/x',
    'redis://host/-1',
    'redis://host?db=1',
    'redis://:%zz@host',
    'redis://',
  ],
  REDIS_CA_FILE: ['/nowhere/ca.pem', '/', '/etc/passwd'],
  REDIS_CERT_FILE: ['/nowhere/cert.pem', '/', '/etc/passwd'],
  REDIS_KEY_FILE: ['/nowhere/key.pem', '/', '/etc/passwd'],
  REDIS_TLS_SERVERNAME: address,
  REDIS_SENTINEL_USERNAME: header,
  REDIS_SENTINEL_PASSWORD: header,
  ACCEPT_AFTER: ['now', 'replicas', 'replicas:0', 'replicas:10', 'fsync:1', 'EXEC'],
  LANE: ['Main', 'a b', 'a'.repeat(33), 'a:b', '{a}'],
  EPOCH_KEYS_REDIS_URL: [...url, 'http://host', 'redis://host/x', 'redis://:%zz@host'],
  TEST_LANE: ['Main', 'a b', 'a'.repeat(33), 'a:b', '{a}'],
  QUOTA_PER_SECOND: [...whole, '0', '1000001'],
  VERIQUEUE_KEYS: [
    'x',
    'k1:',
    `k1:${key(31)}`,
    `k1:${key(32)},`,
    `k1:${key(32)},k1:${key(32)}`,
    `a b:${key(32)}`,
  ],
  SIGNING_KEYS: [
    'x',
    's1:',
    `s1:${key(31)}`,
    `s1:${key(32)},`,
    `s1:${key(32)},s1:${key(32)}`,
    `s1:private:${key(32)}`,
    `a b:${key(32)}`,
  ],
  AUDIT_RETENTION: [...span, '59m', '4000d'],
  PHOTO_STORE: [
    's3://Photos',
    's3://a b/c',
    'https://photos.example',
    'redis,',
    's3://photos,s3://photos',
    'file:///x',
  ],
  PHOTO_STORE_ENDPOINT: [
    ...url,
    'http://storage.example',
    'http://8.8.8.8:9000',
    'https://user:password@storage.example',
    'https://storage.example/?a=b',
  ],
  PHOTO_STORE_REGION: ['EU', 'eu central', 'x'.repeat(65)],
  PHOTO_STORE_PATH_STYLE: flag,
  PHOTO_STORE_ACCESS_KEY_ID: header,
  PHOTO_STORE_SECRET_ACCESS_KEY: header,
  PHOTO_STORE_SESSION_TOKEN: header,
  PHOTO_STORE_TIMEOUT: [...span, '99ms', '2m'],
  PHOTO_STORE_MAX_MIB: [...whole, '3'],
  RETENTION: [...span, '0s', '4000d'],
  SUBJECT_TTL: [...span, '0s', '400d'],
  ALLOW_INSECURE_CALLBACKS: flag,
  PORT: port,
  MAX_BACKLOG: [...whole, '0'],
  CLIENT_RATE_PER_SECOND: ['x', '-1', '1e3', '1000001', '.5', '1,5', 'Infinity', 'NaN'],
  CLIENT_BURST: [...whole, '0', '1000001'],
  CLIENT_MAX_WAITING: [...whole, '1000000001'],
  CLIENT_MAX_RECORDS: [...whole, '1000000001'],
  CLIENT_REDELIVERIES_PER_MINUTE: [...whole, '1000001'],
  CLIENT_MAX_ENDPOINTS: [...whole, '101'],
  CLIENT_MAX_API_KEYS: [...whole, '0', '1001'],
  CLIENT_MAX_REDELIVERIES: [...whole, '1000000001'],
  MAX_UPLOADS_MIB: [...whole, '7'],
  CLIENT_UPLOADS_MIB: [...whole, '7'],
  MAX_SOCKETS_PER_ADDRESS: [...whole, '1000001'],
  TRUSTED_PROXIES: ['x', 'proxy.example', '10.0.0.0/33', '10.0.0.1,', '300.1.1.1'],
  VERIQUEUE_PRINT_KEYS: flag,
  ALLOW_CHECK_DIGIT_FAILURE: flag,
  OPERATIONS_PORT: port,
  OPERATIONS_HOST: address,
  OPERATOR_KEY: ['short', 'x'.repeat(23), `${'x'.repeat(24)}\n`, `${'x'.repeat(24)}é`, ` ${'x'.repeat(24)}`],
  TENCENTCLOUD_SECRET_ID: header,
  TENCENTCLOUD_SECRET_KEY: header,
  TENCENTCLOUD_TOKEN: [...header, 'x'.repeat(5000)],
  FACEID_ENDPOINT: [
    ...url,
    'http://faceid.example',
    'http://127.0.0.1.example',
    'http://8.8.8.8',
    'http://169.254.169.254',
    'http://sandbox.local',
    'ftp://sandbox',
    'https://user:password@host',
    'https://host/?a=b',
    'https://host/#a',
    'https://host\n',
  ],
  LIVEMODE: flag,
  ACCOUNTS_FILE: ['/nowhere/accounts.yaml', '/', '/etc/passwd'],
  PERSON_SCOPE: ['everybody', 'Account'],
  UPSTREAM_ACCOUNT: ['two words', 'a/b', 'x'.repeat(65)],
  ALLOW_SANDBOX: flag,
  UPSTREAM_TIMEOUT: [...span, '0s', '11m'],
  MATCH_THRESHOLD: ['x', '-1', '101', '1e2', '70%', '0,7'],
  BILLED_CODES: [
    'Succes',
    'Success,',
    'Success;FailedOperation.UnKnown',
    'success',
    'Veriqueue.Timeout',
    '*',
  ],
  FIELD_ENCRYPTION: ['on', 'aes-256-cbc', 'AES-256-GCM'],
  UNKNOWN_FATE: ['ask', 'retry', 'FAIL'],
  RETRIES: [...whole, '101'],
  RETRY_BASE: [...span, '0s', '25h'],
  RETRY_CAP: [...span, '0s', '25h'],
  PERSON_PER_MINUTE: whole,
  PERSON_PER_DAY: whole,
  WORKER_PORT: port,
  BULK_SHARE: ['x', '-0.1', '1.1', '10%'],
  WORKER_CONCURRENCY: [...whole, '0', '10001'],
  DELIVERY_SCHEDULE: ['5', '5s,', 's', '0s;5m', '0s,31d', Array(101).fill('1s').join(',')],
  DELIVERY_CONCURRENCY: [...whole, '0', '10001'],
  PROBE_INTERVAL: [...span, '0s', '25d'],
  SLOW_PROBE_INTERVAL: [...span, '0s', '25d'],
  SWEEP_INTERVAL: [...span, '0s', '25d'],
  SHUTDOWN_DEADLINE: [...span, '2h'],
  SANDBOX_PORT: port,
  SANDBOX_SECRET_ID: ['id with spaces', 'id\n', 'ä'],
  SANDBOX_SECRET_KEY: header,
  SANDBOX_TOKEN: header,
  SANDBOX_LATENCY_MIN_MS: [...whole, '60001'],
  SANDBOX_LATENCY_MAX_MS: [...whole, '60001'],
  SANDBOX_PER_ID_LIMITS: flag,
  VERIQUEUE_URL: url,
  VERIQUEUE_API_KEY: header,
  VERIQUEUE_OPERATOR_URL: url,
  VERIQUEUE_OPERATOR_KEY: header,
};

/** Any text will do, or the text is judged where it is used. */
const FREE = new Set(['VERIQUEUE_DATA_DIR', 'VERIQUEUE_PROFILE', 'XDG_CONFIG_HOME', 'NO_COLOR', 'NODE_ENV']);
/** The command line judges keys and secrets when a command needs them: most do not. */
const LATER = new Set(['command line VERIQUEUE_KEYS', 'command line VERIQUEUE_WEBHOOK_SECRET']);
/** Judged together with FIELD_ENCRYPTION, below. */
const TOGETHER = new Set(['FIELD_ENCRYPTION_PUBLIC_KEY']);

const right = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  VERIQUEUE_KEYS: `k1:${key(32)}`,
  TENCENTCLOUD_SECRET_ID: 'id',
  TENCENTCLOUD_SECRET_KEY: 'key',
};

function mistakes(schema: z.ZodType, environment: Readonly<Record<string, string>>): EnvironmentError {
  try {
    parseEnvironment(schema, { ...right, ...environment });
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
  return new EnvironmentError([]);
}

const settings = Object.entries(processes).flatMap(([process, schema]) =>
  Object.keys(schema.shape).map((variable) => ({ process, schema: schema as z.ZodType, variable })),
);
const judged = settings.filter(
  ({ process, variable }) =>
    !FREE.has(variable) && !TOGETHER.has(variable) && !LATER.has(`${process} ${variable}`),
);

describe('every setting of every process', () => {
  it.each(judged)('$process: $variable is reported by name, and its value is not', ({ schema, variable }) => {
    const values = wrong[variable];
    if (values === undefined)
      throw new Error(`Cannot judge ${variable}: the table must have wrong values for it`);
    for (const value of values) {
      const { message, mistakes: found } = mistakes(schema, { [variable]: value });
      expect({ value, named: [...new Set(found.map((mistake) => mistake.variable))] }).toEqual({
        value,
        named: [variable],
      });
      expect(found[0]?.reason).toMatch(/must|its|entry/);
      expect(found[0]?.reason).not.toMatch(/Invalid|expected|Too |pattern/);
      if (value.trim().length > 8) expect(message).not.toContain(value.trim());
    }
  });

  it.each(Object.entries(processes))('%s: all mistakes are reported at once', (process, schema) => {
    const own = judged.filter((setting) => setting.process === process).map(({ variable }) => variable);
    const all = Object.fromEntries(own.map((variable) => [variable, wrong[variable]?.[0] ?? '']));
    const named = mistakes(schema, all).mistakes.map(({ variable }) => variable);
    expect([...new Set(named)].toSorted()).toEqual(own.toSorted());
  });
});

describe('settings that belong together', () => {
  let folder: string;
  let certificate: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'veriqueue-settings-'));
    certificate = join(folder, 'ca.pem');
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test'],
      ...['-keyout', join(folder, 'key.pem'), '-out', certificate],
    ]);
    if (made.status !== 0) certificate = '';
    writeFileSync(join(folder, 'empty.pem'), '');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The sandbox in another container. */
  const sandboxNextDoor = {
    FACEID_ENDPOINT: 'http://sandbox:3001',
    ALLOW_SANDBOX: 'true',
    LIVEMODE: 'false',
    TENCENTCLOUD_SECRET_ID: 'sandbox-secret-id',
    TENCENTCLOUD_SECRET_KEY: 'sandbox-secret-key',
  };
  const rsa = 'bm90IGEga2V5';
  it.each<[keyof typeof processes, string, Readonly<Record<string, string>>]>([
    ['worker', 'RETRY_CAP', { RETRY_BASE: '2m', RETRY_CAP: '1m' }],
    ['worker', 'FIELD_ENCRYPTION_PUBLIC_KEY', { FIELD_ENCRYPTION: 'AES-256-CBC' }],
    [
      'worker',
      'FIELD_ENCRYPTION_PUBLIC_KEY',
      { FIELD_ENCRYPTION: 'SM4-GCM', FIELD_ENCRYPTION_PUBLIC_KEY: rsa },
    ],
    [
      'worker',
      'FIELD_ENCRYPTION_PUBLIC_KEY',
      { FIELD_ENCRYPTION: 'AES-256-CBC', FIELD_ENCRYPTION_PUBLIC_KEY: rsa },
    ],
    ['worker', 'LIVEMODE', { FACEID_ENDPOINT: 'https://gateway.example' }],
    ['worker', 'LIVEMODE', { LIVEMODE: 'false' }],
    ['worker', 'LIVEMODE', { FACEID_ENDPOINT: 'https://nottencentcloudapi.com' }],
    ['worker', 'ALLOW_SANDBOX', { FACEID_ENDPOINT: 'http://127.0.0.1:3001', NODE_ENV: 'production' }],
    [
      'worker',
      'ALLOW_SANDBOX',
      { FACEID_ENDPOINT: 'https://gateway.example', LIVEMODE: 'false', NODE_ENV: 'production' },
    ],
    ['worker', 'FACEID_ENDPOINT', { ...sandboxNextDoor, LIVEMODE: 'true' }],
    ['worker', 'FACEID_ENDPOINT', { ...sandboxNextDoor, ALLOW_SANDBOX: 'false' }],
    ['worker', 'FACEID_ENDPOINT', { ...sandboxNextDoor, TENCENTCLOUD_SECRET_ID: 'AKIDreal' }],
    ['worker', 'FACEID_ENDPOINT', { ...sandboxNextDoor, TENCENTCLOUD_SECRET_KEY: 'real' }],
    ['worker', 'FACEID_ENDPOINT', { ...sandboxNextDoor, TENCENTCLOUD_TOKEN: 'real' }],
    [
      'producer',
      'PHOTO_STORE_SECRET_ACCESS_KEY',
      { PHOTO_STORE: 's3://photos', PHOTO_STORE_ACCESS_KEY_ID: 'id' },
    ],
    [
      'worker',
      'PHOTO_STORE_ACCESS_KEY_ID',
      { PHOTO_STORE: 's3://photos', PHOTO_STORE_SECRET_ACCESS_KEY: 'key' },
    ],
    ['worker', 'PHOTO_STORE_ENDPOINT', { PHOTO_STORE_ENDPOINT: 'https://storage.example' }],
    ['producer', 'OPERATIONS_HOST', { OPERATIONS_HOST: '127.0.0.1' }],
    ['producer', 'OPERATIONS_PORT', { OPERATIONS_PORT: '3000' }],
    ['sandbox', 'SANDBOX_LATENCY_MAX_MS', { SANDBOX_LATENCY_MIN_MS: '9', SANDBOX_LATENCY_MAX_MS: '8' }],
  ])('%s: %s is reported, beside a mistake elsewhere', (process, variable, environment) => {
    const alone = mistakes(processes[process], environment).mistakes;
    expect(alone.map((mistake) => mistake.variable)).toEqual([variable]);
    const both = mistakes(processes[process], { ...environment, LOG_LEVEL: 'loud' }).mistakes;
    expect(both.map((mistake) => mistake.variable).toSorted()).toEqual(['LOG_LEVEL', variable].toSorted());
  });

  it.each([
    { FACEID_ENDPOINT: 'http://127.0.0.1:3001', NODE_ENV: 'production', ALLOW_SANDBOX: 'true' },
    { FACEID_ENDPOINT: 'http://127.0.0.1:3001', NODE_ENV: 'production', LIVEMODE: 'true' },
    { FACEID_ENDPOINT: 'http://127.0.0.1:3001', NODE_ENV: 'development' },
    { ...sandboxNextDoor, NODE_ENV: 'production' },
    { ...sandboxNextDoor, FACEID_ENDPOINT: 'http://10.1.2.3:3001' },
    { ...sandboxNextDoor, FACEID_ENDPOINT: 'http://[fd00::2]:3001' },
    { FACEID_ENDPOINT: 'https://gateway.example', LIVEMODE: 'true', NODE_ENV: 'production' },
    { NODE_ENV: 'production' },
    { FACEID_ENDPOINT: 'https://faceid.tencentcloudapi.com', LIVEMODE: 'true' },
  ])('worker: %j is right', (environment) => {
    expect(mistakes(workerEnvironment, environment).mistakes).toEqual([]);
  });

  it('npm start in production with the sandbox is refused, unless it is said', () => {
    const unset = { TENCENTCLOUD_SECRET_ID: '', TENCENTCLOUD_SECRET_KEY: '', NODE_ENV: 'production' };
    const refused = mistakes(startEnvironment, unset);
    expect(refused.mistakes.map(({ variable }) => variable)).toEqual(['ALLOW_SANDBOX']);
    expect(refused.message).toMatch(/which verifies no real person/);
    expect(mistakes(startEnvironment, { ...unset, ALLOW_SANDBOX: 'true' }).mistakes).toEqual([]);
    expect(mistakes(startEnvironment, { NODE_ENV: 'production' }).mistakes).toEqual([]);
  });

  it.each(['producer', 'worker'] as const)('%s: an authority for a Redis without TLS', (process) => {
    if (certificate === '') return;
    const found = mistakes(processes[process], { REDIS_CA_FILE: certificate });
    expect(found.mistakes.map(({ variable }) => variable)).toEqual(['REDIS_CA_FILE']);
    const tls = { REDIS_CA_FILE: certificate, REDIS_URL: 'rediss://127.0.0.1' };
    expect(mistakes(processes[process], tls).mistakes).toEqual([]);
    expect(
      mistakes(processes[process], { ...tls, REDIS_CA_FILE: join(folder, 'empty.pem') }).mistakes,
    ).toHaveLength(1);
  });
});

describe('a process', () => {
  it.each(['producer', 'worker', 'sandbox', 'start'] as const)(
    '%s ends with 1 and names every mistake on standard error',
    async (process) => {
      const own = Object.keys(processes[process].shape).filter((variable) => wrong[variable] !== undefined);
      // An environment cannot hold a NUL; no first value has one.
      const all = Object.fromEntries(own.map((variable) => [variable, wrong[variable]?.[0] ?? '']));
      const { status, stderr } = spawnSync(
        globalThis.process.execPath,
        process === 'start'
          ? ['--import', 'tsx', 'dev/start/main.ts']
          : await programArguments(`${process}/main`),
        {
          env: { PATH: globalThis.process.env['PATH'], ...all },
          encoding: 'utf8',
          timeout: 60_000,
        },
      );
      expect(status).toBe(1);
      for (const variable of own) expect(stderr).toMatch(new RegExp(`^ {2}${variable}(:| must) `, 'm'));
    },
    90_000,
  );
});
