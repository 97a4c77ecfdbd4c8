import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FlowProducer, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { storeKeys } from '../../../shared/store/keys.ts';
import { openRedis } from '../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../shared/store/redis/close-redis.ts';
import { assertRedisFit } from '../../../shared/store/redis/fitness.ts';
import { waitUntilReady } from '../../../shared/store/redis/wait-until-ready.ts';
import { findOutsideTool } from '../../support/outside-tool.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { requireRedisBinary } from '../../support/redis-binary.ts';

const log = { info: () => undefined, warn: () => undefined };
const clients: Redis[] = [];

function connect(url: string, role: 'request' | 'unbatched', caFile?: string): Redis {
  const client = openRedis({ url, log, ...(caFile === undefined ? {} : { caFile }) }, role);
  clients.push(client);
  return client;
}

afterEach(() => Promise.all(clients.splice(0).map(closeRedis)));

/** One flow through two queues, as the producer adds it and the worker takes it. */
async function runOneFlow(connectClient: (role: 'request' | 'unbatched') => Redis): Promise<unknown> {
  const keys = storeKeys('tls-acl');
  const opts = { prefix: keys.queuePrefix };
  const requests = connectClient('request');
  await waitUntilReady(requests, 5_000);
  const flows = new FlowProducer({ ...opts, connection: requests });
  const queueClient = connectClient('unbatched');
  const errors: Error[] = [];
  const asked = new Worker(keys.verificationQueue, async () => 'asked', { ...opts, connection: queueClient });
  const delivered = new Promise<unknown>((resolve, reject) => {
    const worker = new Worker(
      keys.deliveryQueue,
      async (job) => resolve(Object.values(await job.getChildrenValues())),
      { ...opts, connection: queueClient },
    );
    closing.push(worker);
    for (const each of [asked, worker]) {
      each.on('error', (error) => {
        errors.push(error);
        reject(error);
      });
    }
  });
  closing.push(asked, flows);
  await flows.add({
    name: 'deliver',
    queueName: keys.deliveryQueue,
    opts: { priority: 1 },
    children: [
      { name: 'verify', queueName: keys.verificationQueue, opts: { ignoreDependencyOnFailure: true } },
    ],
  });
  const values = await delivered;
  await Promise.all(closing.splice(0).map((each) => each.close()));
  return { values, errors };
}
const closing: { close(): Promise<void> }[] = [];

const openssl = findOutsideTool('openssl', ['version'], 'apt-get install openssl');

describe.skipIf(!openssl.isPresent)('a Redis behind TLS', () => {
  let folder: string;
  let url: string;
  let caFile: string;
  let server: ReturnType<typeof spawn>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'veriqueue-tls-'));
    caFile = join(folder, 'cert.pem');
    const made = spawnSync('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', join(folder, 'key.pem'), '-out', caFile],
    ]);
    expect(made.status, made.stderr?.toString()).toBe(0);
    const port = await findFreePort();
    await writeFile(
      join(folder, 'redis.conf'),
      [
        'bind 127.0.0.1',
        'port 0',
        `tls-port ${port}`,
        `tls-cert-file ${caFile}`,
        `tls-key-file ${join(folder, 'key.pem')}`,
        'tls-auth-clients no',
        'requirepass tls-test-password',
        'appendonly no',
        'save ""',
        `dir ${folder}`,
      ].join('\n'),
    );
    server = spawn(await requireRedisBinary(), [join(folder, 'redis.conf')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for await (const line of createInterface(server.stdout ?? process.stdin)) {
      if (line.includes('Ready to accept connections')) {
        break;
      }
    }
    server.stdout?.resume();
    url = `rediss://:tls-test-password@localhost:${port}`;
  });
  afterAll(async () => {
    server.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('is used when the given authority vouches for it, BullMQ included', async () => {
    expect(await runOneFlow((role) => connect(url, role, caFile))).toEqual({ values: ['asked'], errors: [] });
  });

  it('is refused when no authority vouches for it', async () => {
    const client = connect(url, 'request');
    await expect(waitUntilReady(client, 1_000)).rejects.toThrow(/self-signed certificate/);
  });

  it('is refused under a name that its certificate does not carry', async () => {
    const client = connect(url.replace('localhost', '127.0.0.1'), 'request', caFile);
    await expect(waitUntilReady(client, 1_000)).rejects.toThrow(/does not match certificate/);
  });

  it('is not reachable without TLS', async () => {
    const client = connect(url.replace('rediss:', 'redis:'), 'request');
    await expect(waitUntilReady(client, 1_000)).rejects.toThrow(/is not ready after/);
  });
});

describe('a Redis user with the rights of one lane', () => {
  /** The rights the documentation asks for: one lane's keys, nothing that administrates the server. */
  const RIGHTS = ['~{vq:tls-acl}*', '+@all', '-@admin', '-@dangerous', '+info'];
  let redis: TestRedis;
  let url: string;

  beforeAll(async () => {
    redis = await startTestRedis();
    const admin = openRedis({ url: redis.url, log }, 'request');
    await waitUntilReady(admin, 5_000);
    await admin.acl('SETUSER', 'lane', 'reset', 'on', '>acl-test/password', ...RIGHTS);
    await closeRedis(admin);
    url = redis.url.replace(/:\/\/:[^@]+@/, '://lane:acl-test%2Fpassword@');
  });
  afterAll(() => redis.stop());

  it('is enough to judge the server and to run a verification through both queues', async () => {
    const client = connect(url, 'request');
    await waitUntilReady(client, 5_000);
    expect((await assertRedisFit(client)).version).toMatch(/^\d/);
    expect(await runOneFlow((role) => connect(url, role))).toEqual({ values: ['asked'], errors: [] });
  });

  it.each([
    ['read the configuration', ['config', 'GET', 'requirepass']],
    ['wipe the database', ['flushall']],
    ['see all keys', ['keys', '*']],
    ['read another lane', ['get', '{vq:other}:record:x']],
  ])('cannot %s', async (_, [command = '', ...args]) => {
    const client = connect(url, 'request');
    await waitUntilReady(client, 5_000);
    await expect(client.call(command, args)).rejects.toThrow('NOPERM');
  });
});

function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
