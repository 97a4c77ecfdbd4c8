import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DRAIN_DEADLINE_MS } from '../../producer/http-limits.ts';
import { producerEnvironment } from '../../producer/settings.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';
import { parseEnvironment } from '../../shared/config/environment.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { assertRedisFit } from '../../shared/store/redis/fitness.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { STOP_GRACE_MS } from '../../worker/run-worker.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { hasRedis } from '../support/has-redis.ts';
import { requireRedisBinary } from '../support/redis-binary.ts';
import { root } from './built-program.ts';
import {
  COMPOSE_FILES,
  type ComposeFile,
  type ComposeService,
  interpolate,
  readComposeFile,
  resolveEnvironment,
} from './compose-file.ts';

const dotEnv = {
  REDIS_PASSWORD: '0123456789abcdef',
  VERIQUEUE_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  VERIQUEUE_PRODUCER_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  TENCENTCLOUD_SECRET_ID: 'id',
  TENCENTCLOUD_SECRET_KEY: 'key',
  RETENTION: '1d',
};

const schemas = { producer: producerEnvironment, worker: workerEnvironment, sandbox: sandboxEnvironment };
type Ours = keyof typeof schemas;
const isOurs = (name: string): name is Ours => name in schemas;
const real = readComposeFile();
const sandbox = readComposeFile('docker-compose.sandbox.yml');

const serviceOf = (file: ComposeFile, name: string) => {
  const service = file.services[name];
  if (service === undefined) throw new Error(`no service ${name}`);
  return service;
};
/** As the image adds it. */
const environmentOf = (service: ComposeService) => ({
  NODE_ENV: 'production',
  HOST: '0.0.0.0',
  ...resolveEnvironment(service, dotEnv),
});
const secondsOf = (text = '10s') => Number.parseInt(text, 10);
const bytesOf = (text: string) => {
  const [, amount = '', unit = ''] = /^(\d+)([mg])b?$/.exec(interpolate(text, {})) ?? [];
  return Number(amount) * 1024 ** (unit === 'g' ? 3 : 2);
};

describe.each(COMPOSE_FILES)('%s', (fileName) => {
  const file = readComposeFile(fileName);
  const services = Object.entries(file.services);
  const ours = services.filter((entry): entry is [Ours, ComposeService] => isOurs(entry[0]));

  it('builds the image under one service, and nothing else looks for it in a registry', () => {
    expect(ours.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(['producer']);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    for (const [name, { image, pull_policy }] of ours)
      expect([name, image, pull_policy]).toEqual([
        name,
        `veriqueue:${version}`,
        name === 'producer' ? undefined : 'never',
      ]);
  });

  it.each(ours)('runs an entry point that exists: %s', (_name, { command }) => {
    const [entry = ''] = command;
    expect(entry).toMatch(/^dist\/.*\.js$/);
    expect(existsSync(join(root, entry.replace('dist/', '').replace(/\.js$/, '.ts')))).toBe(true);
  });

  it.each(ours)('passes %s only variables that it reads', (name, { environment }) => {
    expect(Object.keys(environment).filter((variable) => !(variable in schemas[name].shape))).toEqual([]);
  });

  it.each(ours)('gives %s an environment that it accepts', (name, service) => {
    expect(() => parseEnvironment(schemas[name], environmentOf(service))).not.toThrow();
  });

  it.each(['REDIS_PASSWORD', 'VERIQUEUE_KEYS', 'VERIQUEUE_PRODUCER_KEYS'])(
    'does not start without %s',
    (variable) => {
      const text = readFileSync(join(root, fileName), 'utf8');
      expect(() => interpolate(text, { ...dotEnv, [variable]: '' })).toThrow(variable);
    },
  );

  it('keeps the account of the upstream from everything but the worker', () => {
    const knowing = services.filter(([, { environment }]) => 'TENCENTCLOUD_SECRET_KEY' in environment);
    expect(knowing.map(([name]) => name)).toEqual(['worker']);
  });

  it.each(services)('declares what %s refers to', (_name, { volumes, networks, depends_on }) => {
    for (const network of networks) expect(file.networks).toHaveProperty(network);
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('./')) expect([source, existsSync(join(root, source))]).toEqual([source, true]);
      else expect(file.volumes).toHaveProperty(source);
    }
    for (const other of Object.keys(depends_on)) expect(serviceOf(file, other).healthcheck).toBeDefined();
  });

  it("publishes the API and the operators' port, on loopback alone", () => {
    const always = services.filter(([, { profiles }]) => profiles === undefined);
    const published = always.flatMap(([, { ports = [] }]) => ports);
    expect(published).toEqual(['127.0.0.1:3000:3000', '127.0.0.1:3002:3002']);
    expect(environmentOf(serviceOf(file, 'producer'))).toMatchObject({
      PORT: '3000',
      OPERATIONS_PORT: '3002',
    });
  });

  it('kills no process sooner than it has drained', () => {
    const { SHUTDOWN_DEADLINE } = parseEnvironment(
      workerEnvironment,
      environmentOf(serviceOf(real, 'worker')),
    );
    const grace = (name: string) => secondsOf(serviceOf(file, name).stop_grace_period) * 1000;
    expect(grace('producer')).toBeGreaterThanOrEqual(2 * DRAIN_DEADLINE_MS);
    expect(grace('worker')).toBeGreaterThan(SHUTDOWN_DEADLINE + STOP_GRACE_MS);
  });

  it('bounds the memory and the log of every service', () => {
    for (const [name, { mem_limit, logging }] of services) {
      expect([name, bytesOf(mem_limit)]).toEqual([name, expect.any(Number)]);
      expect(Object.keys(logging.options).toSorted()).toEqual(['max-file', 'max-size']);
    }
  });

  it('lets Redis refuse writes before the engine kills it', () => {
    const { command, mem_limit } = serviceOf(file, 'redis');
    const [, maxmemory = ''] =
      /maxmemory (\S+)\n/.exec(interpolate(interpolate(command.join('\n'), {}), {})) ?? [];
    expect(bytesOf(maxmemory)).toBeGreaterThan(0);
    expect(2 * bytesOf(maxmemory)).toBeLessThanOrEqual(bytesOf(mem_limit));
  });
});

describe('docker-compose.yml', () => {
  it('has Prometheus and Grafana under a profile, which read what deploy/ has and publish to loopback alone', () => {
    const monitoring = Object.entries(real.services).filter(([, { profiles }]) => profiles !== undefined);
    expect(monitoring.map(([name]) => name)).toEqual(['prometheus', 'grafana']);
    for (const [name, { image, ports = [] }] of monitoring) {
      expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$/)]);
      expect(ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
    }
    const read = (path: string) => parse(readFileSync(join(root, path), 'utf8')) as unknown;
    expect(read('deploy/grafana/provisioning/datasources/prometheus.yml')).toMatchObject({
      datasources: [{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }],
    });
    const mounts = serviceOf(real, 'grafana').volumes;
    expect(read('deploy/grafana/provisioning/dashboards/veriqueue.yml')).toMatchObject({
      providers: [
        { options: { path: mounts.find((mount) => mount.startsWith('./deploy/grafana:'))?.split(':')[1] } },
      ],
    });
    // Grafana shares a network with Prometheus, which alone is beside the processes that it scrapes.
    expect(serviceOf(real, 'prometheus').networks).toEqual(['backend']);
    expect(serviceOf(real, 'grafana').networks).toContain('backend');
  });

  it('has a redis, a producer and two workers', () => {
    const always = Object.entries(real.services).filter(([, { profiles }]) => profiles === undefined);
    expect(always.map(([name]) => name)).toEqual(['redis', 'producer', 'worker']);
    expect(serviceOf(real, 'worker').deploy?.replicas).toBe(2);
  });

  it.each(['producer', 'worker'] as const)('leaves no setting of the %s without effect', (name) => {
    const { environment } = serviceOf(real, name);
    // The image sets HOST and NODE_ENV; the operations listener has the same host.
    const missing = Object.keys(schemas[name].shape).filter((variable) => !(variable in environment));
    expect(missing.filter((variable) => !['HOST', 'OPERATIONS_HOST', 'NODE_ENV'].includes(variable))).toEqual(
      [],
    );
  });

  it('passes on what .env sets', () => {
    expect(parseEnvironment(workerEnvironment, environmentOf(serviceOf(real, 'worker'))).RETENTION).toBe(
      86_400_000,
    );
  });
});

describe('docker-compose.sandbox.yml', () => {
  it('shares no project, volume and lane with the real thing', () => {
    expect(sandbox.name).not.toBe(real.name);
    const laneOf = (file: ComposeFile) =>
      (['producer', 'worker'] as const).map(
        (name) => parseEnvironment(schemas[name], environmentOf(serviceOf(file, name))).LANE,
      );
    expect([laneOf(real), laneOf(sandbox)]).toEqual([
      ['main', 'main'],
      ['sandbox', 'sandbox'],
    ]);
  });

  it('lets the worker ask the sandbox by its name, and no other network reach the sandbox', () => {
    const { FACEID_ENDPOINT } = parseEnvironment(
      workerEnvironment,
      environmentOf(serviceOf(sandbox, 'worker')),
    );
    const { SANDBOX_PORT } = parseEnvironment(
      sandboxEnvironment,
      environmentOf(serviceOf(sandbox, 'sandbox')),
    );
    expect(FACEID_ENDPOINT).toBe(`http://sandbox:${SANDBOX_PORT}`);
    expect(serviceOf(sandbox, 'sandbox').networks).toEqual(['upstream']);
  });

  it('lets events go to a receiver next door', () => {
    for (const name of ['producer', 'worker'] as const)
      expect(
        parseEnvironment(schemas[name], environmentOf(serviceOf(sandbox, name))).ALLOW_INSECURE_CALLBACKS,
      ).toBe(true);
  });
});

describe.skipIf(!hasRedis)('the redis of docker-compose.yml', () => {
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
    const [command = '', ...args] = serviceOf(real, 'redis').command.map((word) => interpolate(word, dotEnv));
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
    const client = openRedis({ url, log }, 'request');
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
