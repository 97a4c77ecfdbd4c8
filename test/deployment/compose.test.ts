import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { producerEnvironment } from '../../producer/settings.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';
import { parseEnvironment } from '../../shared/config/environment.ts';
import { closeRedis, connectRedis, waitUntilReady } from '../../shared/store/redis/connect.ts';
import { assertRedisFit } from '../../shared/store/redis/fitness.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { requireRedisBinary } from '../support/redis.ts';
import { root } from './built-program.ts';
import { composeText, interpolate, readComposeFile, resolveEnvironment } from './compose-file.ts';

const compose = readComposeFile();
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);
const serviceNamed = (name: string) => {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`no service ${name}`);
  return service;
};

const schemas = {
  producer: producerEnvironment,
  worker: workerEnvironment,
  sandbox: sandboxEnvironment,
  'sandbox-worker': workerEnvironment,
} as const;

const dotEnv = {
  REDIS_PASSWORD: '0123456789abcdef',
  VERIQUEUE_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  VERIQUEUE_PRODUCER_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  TENCENTCLOUD_SECRET_ID: 'id',
  TENCENTCLOUD_SECRET_KEY: 'key',
  RETENTION: '1d',
};

describe('docker-compose.yml', () => {
  it('has a redis, a producer, two workers, and the sandbox as a profile', () => {
    expect(serviceNamed('redis').image).toMatch(/^redis:/);
    expect(serviceNamed('producer').profiles).toBeUndefined();
    expect(serviceNamed('worker').deploy?.replicas).toBe(2);
    expect(serviceNamed('sandbox').profiles).toEqual(['sandbox']);
    expect(Object.keys(schemas).toSorted()).toEqual(ours.map(([name]) => name).toSorted());
  });

  it.each(ours)('runs an entry point that exists: %s', (_name, { command }) => {
    const [entry = ''] = command;
    expect(entry).toMatch(/^dist\/.*\.js$/);
    expect(existsSync(join(root, entry.replace('dist/', '').replace(/\.js$/, '.ts')))).toBe(true);
  });

  it.each(ours)('passes %s only variables that it reads', (name, { environment }) => {
    const { shape } = schemas[name as keyof typeof schemas];
    expect(Object.keys(environment).filter((variable) => !(variable in shape))).toEqual([]);
  });

  it.each(['producer', 'worker'] as const)('leaves no setting of the %s without effect', (name) => {
    const { environment } = serviceNamed(name);
    // The image sets HOST and NODE_ENV; the operations listener has the same.
    const missing = Object.keys(schemas[name].shape).filter((variable) => !(variable in environment));
    expect(missing.filter((variable) => !['HOST', 'OPERATIONS_HOST', 'NODE_ENV'].includes(variable))).toEqual(
      [],
    );
  });

  it.each(ours)('gives %s an environment it accepts', (name, service) => {
    const environment = resolveEnvironment(service, dotEnv);
    const schema = schemas[name as keyof typeof schemas];
    expect(() => parseEnvironment(schema, environment)).not.toThrow();
  });

  it('passes on what .env sets', () => {
    const environment = resolveEnvironment(serviceNamed('worker'), dotEnv);
    expect(parseEnvironment(workerEnvironment, environment).RETENTION).toBe(86_400_000);
  });

  it.each(['REDIS_PASSWORD', 'VERIQUEUE_KEYS', 'VERIQUEUE_PRODUCER_KEYS'])(
    'does not start without %s',
    (variable) => {
      expect(() => interpolate(composeText, { ...dotEnv, [variable]: '' })).toThrow(variable);
    },
  );

  it('keeps the account of the upstream from everything but the workers', () => {
    const knowing = services.filter(([, { environment }]) => 'TENCENTCLOUD_SECRET_KEY' in environment);
    expect(knowing.map(([name]) => name).toSorted()).toEqual(['sandbox-worker', 'worker']);
  });

  it.each(services)(
    'declares what %s refers to',
    (_name, { volumes, networks, network_mode, depends_on }) => {
      const shared = network_mode === undefined ? [] : [network_mode.replace('service:', '')];
      for (const network of networks) expect(compose.networks).toHaveProperty(network);
      for (const volume of volumes) expect(compose.volumes).toHaveProperty(volume.split(':')[0] ?? '');
      for (const other of [...Object.keys(depends_on), ...shared])
        expect(compose.services).toHaveProperty(other);
    },
  );

  it('waits for nothing that has no health check', () => {
    const awaited = services.flatMap(([, { depends_on }]) => Object.keys(depends_on));
    for (const name of awaited) {
      const { healthcheck, build } = serviceNamed(name);
      expect(healthcheck !== undefined || build !== undefined).toBe(true);
    }
  });

  it.each(ours)('stops %s no sooner than it has drained', (name, { stop_grace_period }) => {
    const drainMs = 'SHUTDOWN_DEADLINE' in schemas[name as keyof typeof schemas].shape ? 20_000 : 10_000;
    const graceMs = stop_grace_period === undefined ? 10_000 : Number.parseInt(stop_grace_period, 10) * 1000;
    expect(graceMs).toBeGreaterThanOrEqual(drainMs);
  });

  it('publishes nothing but the API, on loopback', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports);
    expect(published).toEqual(['127.0.0.1:3000:3000']);
  });
});

describe('the redis of docker-compose.yml', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'veriqueue-compose-'));
  let server: ChildProcess | undefined;

  afterAll(async () => {
    if (server?.exitCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('is fit for verifications, behind its password', async () => {
    const binary = await requireRedisBinary();
    const port = await findFreePort();
    const [command = '', ...args] = serviceNamed('redis').command.map((word) => interpolate(word, dotEnv));
    server = spawn(
      command,
      args.map((word) => word.replace('redis-server', binary)),
      {
        env: { ...process.env, ...dotEnv, REDIS_DIR: dataDir, REDIS_PORT: String(port) },
        stdio: 'ignore',
      },
    );
    const log = { info: () => undefined, warn: () => undefined };
    const url = `redis://:${dotEnv.REDIS_PASSWORD}@127.0.0.1:${port}`;
    const client = connectRedis({ url, role: 'request', log });
    await waitUntilReady(client, 10_000);
    expect((await assertRedisFit(client)).warnings).toEqual([]);
    expect(await client.config('GET', 'appendfsync')).toEqual(['appendfsync', 'everysec']);
    expect(await client.config('GET', 'requirepass')).toEqual(['requirepass', dotEnv.REDIS_PASSWORD]);
    await closeRedis(client);
  });
});

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
