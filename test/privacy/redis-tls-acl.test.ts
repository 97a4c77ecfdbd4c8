import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cliEnvironment } from '../../cli/settings.ts';
import { redisSettings } from '../../shared/config/redis-settings.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { type ClientCredentials, createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { runCli } from '../cli/run-cli.ts';
import { makePerson, makeSubmission } from '../support/person.ts';
import '../support/needs-redis.ts';
import { requireRedisBinary } from '../support/redis-binary.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { type WatchedProcesses, watchProcesses } from './chain-processes.ts';
import { redisCertificate, redisKey } from './redis-certificate.ts';

/** As docs/operations.md gives them. */
const RIGHTS = '~{vq:main}* +@all -@admin -@dangerous +info';
const PASSWORD = 'canary/password+7316';
const sealingKey = `k1:${randomBytes(32).toString('base64')}`;

let folder: string;
let server: ChildProcess;
let redis: Redis;
let receiver: WebhookReceiver;
let processes: WatchedProcesses;
let environment: Record<string, string>;
let url: string;
let client: ClientCredentials;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-tls-'));
  processes = watchProcesses();
  const port = await findFreePort();
  await startRedis(port);
  environment = {
    LOG_LEVEL: 'trace',
    REDIS_URL: `rediss://veriqueue:${encodeURIComponent(PASSWORD)}@localhost:${port}`,
    REDIS_CA_FILE: join(folder, 'cert.pem'),
    VERIQUEUE_KEYS: sealingKey,
    ALLOW_INSECURE_CALLBACKS: 'true',
  };
  receiver = await startWebhookReceiver();
  await makeClient();
  const sandbox = await processes.start('sandbox', { SANDBOX_PORT: '0', QUOTA_PER_SECOND: '1000' });
  const [producer] = await Promise.all([
    processes.start('producer', { ...environment, PORT: '0' }),
    processes.start('worker', {
      ...environment,
      FACEID_ENDPOINT: sandbox.url,
      TENCENTCLOUD_SECRET_ID: 'sandbox-secret-id',
      TENCENTCLOUD_SECRET_KEY: 'sandbox-secret-key',
    }),
  ]);
  url = producer.url;
});
afterAll(async () => {
  await processes?.stop();
  await receiver?.close();
  if (redis) await closeRedis(redis);
  server?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** No port without TLS, no user but the one of the lane. */
async function startRedis(port: number): Promise<void> {
  const file = (name: string) => join(folder, name);
  await writeFile(file('cert.pem'), redisCertificate);
  await writeFile(file('key.pem'), redisKey, { mode: 0o600 });
  const lines = [
    'bind 127.0.0.1',
    'port 0',
    `tls-port ${port}`,
    `tls-cert-file ${file('cert.pem')}`,
    `tls-key-file ${file('key.pem')}`,
    'tls-auth-clients no',
    'save ""',
    `dir ${folder}`,
    'user default off',
    `user veriqueue on >${PASSWORD} ${RIGHTS}`,
  ];
  await writeFile(file('redis.conf'), lines.join('\n'));
  server = spawn(await requireRedisBinary(), [file('redis.conf')], { stdio: ['ignore', 'pipe', 'ignore'] });
  if (!server.stdout) throw new Error('Cannot read what Redis says');
  const said: string[] = [];
  for await (const line of createInterface(server.stdout)) {
    said.push(line);
    if (line.includes('Ready to accept connections')) {
      server.stdout.resume();
      return;
    }
  }
  throw new Error(`Cannot start a Redis with TLS: it ended with\n${said.slice(-3).join('\n')}`);
}

async function makeClient(): Promise<void> {
  const log = { info: () => undefined, warn: () => undefined };
  const { REDIS_URL = '', REDIS_CA_FILE = '' } = environment;
  redis = openRedis({ url: REDIS_URL, caFile: REDIS_CA_FILE, log }, 'request');
  await waitUntilReady(redis, 5_000);
  const ring = parseKeyRing(sealingKey);
  if (!ring.ok) throw new Error('Cannot read the sealing key');
  const store = { redis, keys: storeKeys('main'), keyRing: ring.keyRing };
  client = await createClient(store, {
    name: 'tls',
    callbackUrl: receiver.url,
    allowedOrigins: ['*'],
    now: Date.now(),
  });
  receiver.trust(client.webhookSecret);
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

const submit = async () => {
  const answer = await fetch(`${url}/v1/verifications`, {
    method: 'POST',
    body: JSON.stringify(makeSubmission(makePerson())),
    headers: { authorization: `Bearer ${client.apiKey}`, 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(202);
  return (await answer.json()) as Verification;
};

test('verifications go the whole way over TLS, as a user with the rights of one lane', async () => {
  const submitted = await Promise.all(Array.from({ length: 5 }, submit));
  await receiver.accept(5);
  for (const { id } of submitted) {
    expect(receiver.accepted.get(id)).toMatchObject({ data: { outcome: { verdict: 'match' } } });
  }
});

test('the rights are enough: Redis has refused nothing, and no process complains', async () => {
  const { id } = await submit();
  await receiver.eventOf(id);
  const errors = /^errorstat_NOPERM:count=(\d+)/m.exec(await redis.info('errorstats'));
  // CONFIG GET, which shows more than INFO where it is allowed, is tried at start and does without.
  const outputs = (await processes.outputs()).map(({ bytes }) => bytes.toString()).join('\n');
  expect(outputs).not.toMatch(/"level":(50|60)/);
  expect(outputs).not.toContain('NOPERM');
  expect(Number(errors?.[1] ?? 0)).toBeLessThan(10);
});

test('the command line connects by the same settings', async () => {
  const { code, stdout, stderr } = await runCli(['client', 'list', '--json'], environment);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject([{ id: client.clientId }]);

  const { REDIS_CA_FILE: _, ...untrusted } = environment;
  const refused = await runCli(['client', 'list'], untrusted);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('self-signed certificate') });
});

test('the command line knows every setting that a server connects to Redis by', () => {
  const known = Object.keys(cliEnvironment.shape);
  expect(known).toEqual(expect.arrayContaining([...Object.keys(redisSettings), 'LANE']));
});

test('the password is nowhere in what the processes say', async () => {
  const outputs = (await processes.outputs()).map(({ bytes }) => bytes.toString()).join('\n');
  expect(outputs).toContain('"redis":"rediss://veriqueue:***@localhost:');
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(outputs).not.toContain(secret);
});
