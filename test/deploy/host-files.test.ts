import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { producerEnvironment } from '../../producer/settings.ts';
import { parseEnvironment } from '../../shared/config/environment.ts';
import { STOP_GRACE_MS } from '../../worker/run-worker.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { root } from '../deployment/built-program.ts';
import { findOutsideTool } from '../support/outside-tool.ts';

const nginx = findOutsideTool('nginx', ['-v'], 'apt-get install nginx-light');
const openssl = findOutsideTool('openssl', ['version'], 'apt-get install openssl');
const systemd = findOutsideTool('systemd-analyze', ['--version'], 'apt-get install systemd');

const folder = mkdtempSync(join(tmpdir(), 'veriqueue-host-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const unitOf = (name: string) => readFileSync(join(root, `deploy/systemd/veriqueue-${name}.service`), 'utf8');
const linesOf = (unit: string, name: string) =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);

const secrets = {
  REDIS_URL: 'redis://:password@127.0.0.1:6379',
  VERIQUEUE_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  TENCENTCLOUD_SECRET_ID: 'id',
  TENCENTCLOUD_SECRET_KEY: 'key',
};
const schemas = { producer: producerEnvironment, worker: workerEnvironment };

describe.each(['producer', 'worker'] as const)('the systemd unit of the %s', (name) => {
  const unit = unitOf(name);

  it('gives it an environment that it accepts', () => {
    const given = Object.fromEntries(
      linesOf(unit, 'Environment')
        .flatMap((line) => line.split(' '))
        .map((pair) => pair.split('=') as [string, string]),
    );
    const unread = Object.keys(given).filter((variable) => !(variable in schemas[name].shape));
    // A worker refuses the sandbox by it; for a producer it is Node.js' own.
    expect(unread).toEqual(name === 'worker' ? [] : ['NODE_ENV']);
    expect(() => parseEnvironment(schemas[name], { ...secrets, ...given })).not.toThrow();
  });

  it('waits longer than it drains, and leaves no core dump', () => {
    const { SHUTDOWN_DEADLINE } = parseEnvironment(workerEnvironment, secrets);
    expect(Number(linesOf(unit, 'TimeoutStopSec')[0]) * 1000).toBeGreaterThan(
      SHUTDOWN_DEADLINE + STOP_GRACE_MS,
    );
    expect(linesOf(unit, 'LimitCORE')).toEqual(['0']);
  });

  it('starts an entry point of the build', () => {
    const [, entry = ''] = /dist\/(\S+)\.js/.exec(linesOf(unit, 'ExecStart')[0] ?? '') ?? [];
    expect(() => readFileSync(join(root, `${entry}.ts`))).not.toThrow();
  });

  it.skipIf(!systemd.isPresent)('has no line that systemd does not know', async () => {
    // The paths of an installation are not on this machine, so only complaints about the lines count.
    const { output } = await systemd.run([
      'verify',
      '--man=no',
      join(root, `deploy/systemd/veriqueue-${name}.service`),
    ]);
    expect(
      output.split('\n').filter((line) => /unknown|invalid|failed to parse|ignoring/i.test(line)),
    ).toEqual([]);
  });
});

describe('the nginx example', () => {
  const text = readFileSync(join(root, 'deploy/proxy/nginx.conf'), 'utf8');

  it.skipIf(!nginx.isPresent || !openssl.isPresent)('is understood by nginx', async () => {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=verify.example', '-days', '2'];
    await openssl.run([
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      certificate,
      ...subject,
    ]);
    const server = text
      .replace('/etc/ssl/verify.example.pem', certificate)
      .replace('/etc/ssl/verify.example.key', key);
    const config = join(folder, 'nginx.conf');
    writeFileSync(config, `pid ${folder}/nginx.pid; error_log stderr; events {} http {\n${server}\n}`);
    expect(await nginx.run(['-t', '-q', '-c', config, '-p', folder])).toMatchObject({ code: 0 });
  });

  it('keeps the largest body in memory', () => {
    const limit = /client_max_body_size (\w+);/.exec(text)?.[1];
    expect(/client_body_buffer_size (\w+);/.exec(text)?.[1]).toBe(limit);
    expect(limit).toBe('5m');
  });
});
