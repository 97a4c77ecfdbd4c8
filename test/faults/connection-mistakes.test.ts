import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { redisCertificate } from '../privacy/redis-certificate.ts';
import { programArguments } from '../support/compiled-program.ts';
import type { LogLine } from '../support/recorded-log.ts';
import { findFreePort, type RedisNode, startRedisNode } from '../support/redis-node.ts';
import { type TlsFiles, writeTlsFiles } from '../support/sentinels.ts';

const children: ChildProcess[] = [];
let files: TlsFiles;
let plain: RedisNode;
let secure: RedisNode;
let mutual: RedisNode;

beforeAll(async () => {
  files = await writeTlsFiles();
  const access = { tls: { ca: redisCertificate } };
  [plain, secure, mutual] = await Promise.all([
    startRedisNode({ lines: ['save ""', 'unixsocket node.sock', 'unixsocketperm 700'] }),
    startRedisNode({ lines: [...files.lines, 'save ""'], access, portSetting: 'tls-port' }),
    startRedisNode({
      lines: [...files.lines.filter((line) => !line.includes('auth-clients')), 'save ""'],
      access: { tls: { ca: redisCertificate, cert: redisCertificate, key: await readKey(files) } },
      portSetting: 'tls-port',
    }),
  ]);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await Promise.all([plain, secure, mutual].map((node) => node?.stop()));
  await rm(files.folder, { recursive: true, force: true });
});

async function readKey({ keyFile }: TlsFiles): Promise<Buffer> {
  const { readFile } = await import('node:fs/promises');
  return readFile(keyFile);
}

/** The command line has the shortest patience, and the same connections. */
async function explain(environment: Record<string, string>): Promise<string> {
  const { code, stderr } = await runCli(['client', 'list'], environment);
  expect(code).not.toBe(0);
  return stderr;
}

describe('a connection that cannot come about says which setting to change', () => {
  // Side by side: each waits until the command line has no more patience.
  test.concurrent.each<[string, () => Record<string, string>, RegExp]>([
    [
      'TLS and no authority',
      () => ({ REDIS_URL: `rediss://127.0.0.1:${secure.port}` }),
      /self-signed certificate.*set REDIS_CA_FILE/s,
    ],
    [
      'no TLS where Redis wants it',
      () => ({ REDIS_URL: `redis://127.0.0.1:${secure.port}` }),
      /REDIS_URL must begin with rediss instead of redis/,
    ],
    [
      'TLS where Redis has none',
      () => ({ REDIS_URL: `rediss://127.0.0.1:${plain.port}`, REDIS_CA_FILE: files.certFile }),
      /REDIS_URL must begin with redis/,
    ],
    [
      'no certificate where Redis wants one',
      () => ({ REDIS_URL: `rediss://127.0.0.1:${mutual.port}`, REDIS_CA_FILE: files.certFile }),
      /set REDIS_CERT_FILE and REDIS_KEY_FILE/,
    ],
    [
      'a cluster that is none',
      () => ({ REDIS_URL: `redis+cluster://127.0.0.1:${plain.port}` }),
      /this Redis is no cluster: REDIS_URL must begin with redis:\/\/ or rediss:\/\//,
    ],
    [
      'a socket that does not exist',
      () => ({ REDIS_URL: 'unix:///nowhere/redis.sock' }),
      /check the host, or the path of the socket, in REDIS_URL/,
    ],
  ])('%s', async (_, environment, sentence) => {
    expect(await explain(environment())).toMatch(sentence);
  });

  test('a certificate that Redis asks for is shown to it', async () => {
    const { code, stderr } = await runCli(['client', 'list', '--json'], {
      REDIS_URL: `rediss://127.0.0.1:${mutual.port}`,
      REDIS_CA_FILE: files.certFile,
      REDIS_CERT_FILE: files.certFile,
      REDIS_KEY_FILE: files.keyFile,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('a socket, and a name of one kind of address, lead to Redis', async () => {
    const admin = new Redis({ port: plain.port });
    const [, folder = ''] = (await admin.config('GET', 'dir')) as string[];
    admin.disconnect();
    for (const url of [`unix://${folder}/node.sock?db=1`, `redis://localhost:${plain.port}?family=4`]) {
      const { code, stderr } = await runCli(['client', 'list', '--json'], { REDIS_URL: url });
      expect({ url, code, stderr }).toEqual({ url, code: 0, stderr: '' });
    }
  });
});

test('the command line refuses a Redis that would drop what it writes', async () => {
  const admin = new Redis({ port: plain.port });
  await admin.config('SET', 'maxmemory-policy', 'volatile-lru');
  try {
    const made = await runCli(['client', 'create', '--name', 'lost'], {
      REDIS_URL: `redis://127.0.0.1:${plain.port}`,
      VERIQUEUE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    });
    expect(made).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/maxmemory-policy must be noeviction/),
    });
    expect(await admin.keys('*')).toEqual([]);
  } finally {
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    admin.disconnect();
  }
});

test('a worker to which Redis gives no further connection says so, and starts when it does', async () => {
  const node = await startRedisNode({ lines: ['save ""'] });
  const admin = new Redis({ port: node.port });
  // The worker's three first, and no blocking one.
  await admin.config('SET', 'maxclients', '4');
  const port = await findFreePort();
  const child = spawn(process.execPath, await programArguments('worker/main'), {
    env: {
      PATH: process.env['PATH'],
      REDIS_URL: `redis://127.0.0.1:${node.port}`,
      VERIQUEUE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      TENCENTCLOUD_SECRET_ID: 'id',
      TENCENTCLOUD_SECRET_KEY: 'key',
      FACEID_ENDPOINT: 'http://127.0.0.1:9',
      WORKER_PORT: String(port),
      LOG_SHARING: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const errors = text(child.stderr);
  const lines: LogLine[] = [];
  const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const ended = once(child, 'exit').then(async () => {
    throw new Error(`Cannot go on: the worker ended: ${await errors}`);
  });
  const line = async (event: string) => {
    for (;;) {
      const found = lines.find((one) => one.event === event);
      if (found) return found;
      await Promise.race([once(output, 'line'), ended]);
    }
  };
  // Redis says so and hangs up, and the end of a connection overtakes its last words as a rule.
  const full = await line('redis_unreachable');
  expect(full['reason']).toMatch(/max number of clients|ECONNRESET|EPIPE|closed by Redis/);
  expect(full['advice']).toMatch(/raise its maxclients/i);
  const unready = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect(unready.status).toBe(503);
  await admin.config('SET', 'maxclients', '100');
  await line('started');
  expect(lines.filter(({ event }) => event === 'redis_unreachable').length).toBeLessThanOrEqual(2);
  admin.disconnect();
  await node.stop();
});
