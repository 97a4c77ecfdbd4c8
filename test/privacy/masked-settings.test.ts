import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEnvironment } from '../../dev/start/settings.ts';
import { producerEnvironment } from '../../producer/settings.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';
import { maskSettings } from '../../shared/config/environment.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { programArguments } from '../support/compiled-program.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

const CANARY = 'canary7316';
const sealingKey = randomBytes(32).toString('base64');

let redis: TestRedis;
let dataDir: string;
/** Every setting that takes a text, at a value that is right and can be found again. */
let secrets: Record<string, string>;

beforeAll(async () => {
  redis = await startTestRedis();
  dataDir = await mkdtemp(join(tmpdir(), 'veriqueue-settings-'));
  secrets = {
    REDIS_URL: redis.url,
    VERIQUEUE_KEYS: `k1:${sealingKey}`,
    TENCENTCLOUD_SECRET_ID: `${CANARY}-secret-id`,
    TENCENTCLOUD_SECRET_KEY: `${CANARY}-secret-key`,
    TENCENTCLOUD_TOKEN: `${CANARY}-token`,
    SANDBOX_SECRET_KEY: `${CANARY}-sandbox-key`,
    SANDBOX_TOKEN: `${CANARY}-sandbox-token`,
  };
});
afterAll(async () => {
  await redis?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const plain = {
  LOG_LEVEL: 'trace',
  PORT: '0',
  SANDBOX_PORT: '0',
  WORKER_PORT: '0',
  SANDBOX_SECRET_ID: 'shown-id',
  RETENTION: '12d',
};

/** Everything a process says from its start to its end, which begins as soon as it has said it is up. */
async function listen(
  main: string,
  environment: Readonly<Record<string, string>>,
  up: RegExp,
): Promise<string> {
  const args = main.startsWith('dev/') ? ['--import', 'tsx', `${main}.ts`] : await programArguments(main);
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], VERIQUEUE_DATA_DIR: dataDir, ...plain, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
      if (up.test(said)) child.kill('SIGTERM');
    });
  }
  await Promise.all([text(child.stdout), text(child.stderr)]);
  return said;
}

/** The value, its parts that are secret by themselves, and how each would look inside JSON, a URL or Base64. */
const formsOf = (value: string) => {
  const parts = [value, value.replace(/^k1:/, ''), /:([^:@/]+)@/.exec(value)?.[1] ?? value];
  return parts.flatMap((part) => [part, encodeURIComponent(part), Buffer.from(part).toString('base64')]);
};

describe('what a process says at its start, at trace level', () => {
  test.each([
    ['producer/main', /"event":"started"/, ['REDIS_URL', 'VERIQUEUE_KEYS']],
    [
      'worker/main',
      /"event":"started"/,
      [
        'REDIS_URL',
        'VERIQUEUE_KEYS',
        'TENCENTCLOUD_SECRET_ID',
        'TENCENTCLOUD_SECRET_KEY',
        'TENCENTCLOUD_TOKEN',
      ],
    ],
    ['sandbox/main', /Sandbox listening/, ['SANDBOX_SECRET_KEY', 'SANDBOX_TOKEN']],
    ['dev/start/main', /Stop with Ctrl-C/, ['REDIS_URL', 'VERIQUEUE_KEYS', 'TENCENTCLOUD_TOKEN']],
  ])('%s holds its settings, and no secret among them', async (main, up, masked) => {
    const said = await listen(main, secrets, up);
    expect(said).toMatch(up);
    for (const name of masked) expect(said).toContain(`"${name}":"(set)"`);
    const leaked = Object.entries(secrets).filter(([, value]) =>
      formsOf(value).some((form) => said.includes(form)),
    );
    expect(leaked.map(([name]) => name)).toEqual([]);
  });

  test.each(['producer/main', 'worker/main', 'sandbox/main', 'dev/start/main'])(
    '%s holds no secret when every setting is wrong',
    async (main) => {
      const wrong = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, `,?${value}`]));
      const said = await listen(main, { ...wrong, LOG_LEVEL: 'loud', PORT: 'x', SANDBOX_PORT: 'x' }, /^\0$/);
      expect(said).toContain('LOG_LEVEL');
      for (const value of Object.values(secrets)) {
        for (const form of formsOf(value)) expect(said).not.toContain(form);
      }
    },
  );
});

test('every setting that sounds like a secret is masked', () => {
  const names = [producerEnvironment, workerEnvironment, sandboxEnvironment, startEnvironment].flatMap(
    (schema) => Object.keys(schema.shape),
  );
  const secret = new Set(
    names.filter(
      (name) =>
        /SECRET|TOKEN|PASSWORD|KEYS?$|REDIS_URL/.test(name) &&
        !/PUBLIC|SANDBOX_SECRET_ID|PRINT_KEYS|MAX_API_KEYS/.test(name),
    ),
  );
  expect(secret.size).toBeGreaterThan(6);
  const shown = maskSettings(Object.fromEntries([...secret].map((name) => [name, CANARY])));
  expect(Object.values(shown)).toEqual([...secret].map(() => '(set)'));
});
