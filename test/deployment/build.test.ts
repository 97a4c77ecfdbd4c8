import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listShippedLuaFiles } from '../support/lua-files.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type BuiltProgram, buildProgram, root } from './built-program.ts';
import { execForm } from './dockerfile.ts';

let program: BuiltProgram;
let redis: TestRedis;

beforeAll(async () => {
  [program, redis] = await Promise.all([buildProgram(), startTestRedis()]);
});
afterAll(async () => {
  await program?.remove();
  await redis?.stop();
});

const sealingKeys = `k1:${randomBytes(32).toString('base64')}`;

const environmentOf = (entry: 'producer' | 'worker' | 'sandbox'): Record<string, string> =>
  ({
    producer: { REDIS_URL: redis.url, VERIQUEUE_KEYS: sealingKeys, PORT: '0' },
    worker: {
      REDIS_URL: redis.url,
      VERIQUEUE_KEYS: sealingKeys,
      TENCENTCLOUD_SECRET_ID: 'sandbox-secret-id',
      TENCENTCLOUD_SECRET_KEY: 'sandbox-secret-key',
      FACEID_ENDPOINT: 'http://127.0.0.1:9',
    },
    sandbox: { SANDBOX_PORT: '0' },
  })[entry];

/** The exit code of the image's health check, asked in the environment of a container. */
async function checkHealth(environment: Record<string, string>): Promise<number | null> {
  const [command = '', ...args] = execForm('HEALTHCHECK');
  const child = spawn(command, args, {
    cwd: join(root, 'deploy/image'),
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  const [code] = await once(child, 'exit');
  return code;
}

const portOf = (url: string) => new URL(url).port;

describe('the built program', () => {
  it('runs from the command of the image', async () => {
    const [entry = ''] = execForm('CMD');
    const producer = await program.start(entry, environmentOf('producer'));
    expect((await fetch(`${producer.url}/livez`)).status).toBe(200);
    expect(await producer.stop()).toBe(0);
  });

  it('brings the console with it', async () => {
    const environment = { ...environmentOf('producer'), OPERATOR_KEY: randomBytes(16).toString('hex') };
    const producer = await program.start('dist/producer/main.js', environment);
    for (const path of ['/console', '/console/app.js', '/console/app.css'])
      expect([path, (await fetch(`${producer.url}${path}`)).status]).toEqual([path, 200]);
    const notices = await (await fetch(`${producer.url}/console/notices.txt`)).text();
    expect(notices).toMatch(/^preact \d.*Copyright.*Jason Miller/ms);
    expect(notices).toMatch(/^@preact\/signals \d/m);
    expect(await producer.stop()).toBe(0);
  });

  it.each(['producer', 'worker', 'sandbox'] as const)(
    'starts the %s, and SIGTERM ends it with 0',
    async (name) => {
      const part = await program.start(`dist/${name}/main.js`, environmentOf(name));
      expect(new URL(part.url).hostname).toBe('127.0.0.1');
      expect(await part.stop()).toBe(0);
    },
  );

  it.each(['producer', 'worker'] as const)('names what the %s lacks, and exits 1', async (name) => {
    const ended = await program.run(`dist/${name}/main.js`, {});
    expect(ended.code).toBe(1);
    expect(ended.output).toContain('REDIS_URL must be set');
    expect(ended.output).toContain('VERIQUEUE_KEYS must be set');
  });

  it('does without tracing and Bull Board where the image leaves them out, and says so', async () => {
    const slim = await program.without(['@opentelemetry', '@bull-board', 'bullmq-otel']);
    const environment = {
      ...environmentOf('producer'),
      OPERATOR_KEY: randomBytes(16).toString('hex'),
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    };
    const producer = await slim.start('dist/producer/main.js', environment);
    expect((await fetch(`${producer.url}/console`)).status).toBe(200);
    expect((await fetch(`${producer.url}/queues`)).status).toBe(404);
    expect(await producer.stop()).toBe(0);
    expect(producer.lines.join('\n')).toMatch(/"event":"tracing_failed".*WITH_TRACING=yes/);
    expect(producer.lines.join('\n')).toMatch(/"event":"queues_off"/);
  });

  it('brings every Lua script with it, unchanged', async () => {
    const scripts = listShippedLuaFiles();
    expect(scripts.length).toBeGreaterThan(0);
    for (const path of scripts) {
      expect([path, await readFile(join(program.folder, 'dist', path), 'utf8')]).toEqual([
        path,
        await readFile(join(root, path), 'utf8'),
      ]);
    }
  });

  it('imports nothing that only development installs', async () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const names = await listImports(join(program.folder, 'dist'));
    const undeclared = names.filter(
      (name) => !name.startsWith('node:') && !builtinModules.includes(name) && !(name in dependencies),
    );
    expect(names.length).toBeGreaterThan(5);
    expect(undeclared).toEqual([]);
  });
});

describe('the health check of the image', () => {
  it('finds a worker by WORKER_PORT', async () => {
    const worker = await program.start('dist/worker/main.js', environmentOf('worker'));
    expect(await checkHealth({ WORKER_PORT: portOf(worker.url) })).toBe(0);
    await worker.stop();
    expect(await checkHealth({ WORKER_PORT: portOf(worker.url) })).toBe(1);
  });

  it('finds a producer by PORT', async () => {
    const producer = await program.start('dist/producer/main.js', environmentOf('producer'));
    expect(await checkHealth({ PORT: portOf(producer.url) })).toBe(0);
    await producer.stop();
  });
});

/** The packages imported anywhere in a folder of JavaScript. */
async function listImports(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const specifiers = texts.flatMap((text) =>
    [...text.matchAll(/^(?:import|export)\s[^;]*?from '([^'.][^']*)'|^import '([^'.][^']*)'/gm)].map(
      ([, from, bare]) => from ?? bare ?? '',
    ),
  );
  const packages = specifiers.map((specifier) =>
    specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] ?? ''),
  );
  return [...new Set(packages)];
}
