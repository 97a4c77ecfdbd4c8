import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { sandboxEnvironment, sandboxOptions } from '../../sandbox/settings.ts';
import { EnvironmentError, parseEnvironment } from '../../shared/config/environment.ts';
import { programArguments } from '../support/compiled-program.ts';
import { SECRET_ID, SECRET_KEY } from './sandbox-under-test.ts';

describe('the settings', () => {
  it('have defaults for everything', () => {
    const settings = parseEnvironment(sandboxEnvironment, { HOST: '', QUOTA_PER_SECOND: undefined });
    expect(sandboxOptions(settings)).toEqual({
      host: '127.0.0.1',
      port: 3001,
      secretId: SECRET_ID,
      secretKey: SECRET_KEY,
      quotaPerSecond: 20,
      latencyMs: { min: 100, max: 400 },
      perIdLimits: false,
    });
  });

  it('reach the sandbox', () => {
    const settings = parseEnvironment(sandboxEnvironment, {
      SANDBOX_PORT: '0',
      SANDBOX_TOKEN: 'sts',
      SANDBOX_PER_ID_LIMITS: 'true',
      SANDBOX_LATENCY_MIN_MS: '0',
    });
    expect(sandboxOptions(settings)).toMatchObject({
      port: 0,
      token: 'sts',
      perIdLimits: true,
      latencyMs: { min: 0, max: 400 },
    });
  });

  it('name every mistake at once and repeat no value', () => {
    const environment = {
      SANDBOX_PORT: '70000',
      SANDBOX_SECRET_ID: 'id with spaces',
      QUOTA_PER_SECOND: 'many',
      SANDBOX_LATENCY_MIN_MS: '9',
      SANDBOX_LATENCY_MAX_MS: '8',
      SANDBOX_PER_ID_LIMITS: 'perhaps',
      LOG_LEVEL: 'loud',
    };
    let message = '';
    try {
      parseEnvironment(sandboxEnvironment, environment);
    } catch (error) {
      message = error instanceof EnvironmentError ? error.message : '';
    }
    for (const name of Object.keys(environment)) {
      if (name !== 'SANDBOX_LATENCY_MIN_MS') expect(message).toContain(`  ${name} must `);
    }
    expect(message).not.toMatch(/70000|id with spaces|many|perhaps|loud/);
  });
});

const entry = await programArguments('sandbox/main');

function startMain(environment: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, entry, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function printed(stream: NodeJS.ReadableStream | null, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = pattern.exec(text);
      if (found !== null) resolve(found[1] ?? found[0]);
    });
  });
}

describe('the process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('prints its address, and ends with 0 on %s', async (signal) => {
    const main = startMain({ SANDBOX_PORT: '0' });
    const url = await printed(main.stdout, /listening on (\S+)\n/);
    expect((await fetch(`${url}/sandbox/stats`)).status).toBe(200);
    main.kill(signal);
    expect(await once(main, 'exit')).toEqual([0, null]);
  });

  it('ends with 1 and a reason when it cannot start', async () => {
    const main = startMain({ SANDBOX_PORT: '-1' });
    const [reason, [code]] = await Promise.all([
      printed(main.stderr, /SANDBOX_PORT must .*/),
      once(main, 'exit'),
    ]);
    expect(reason).toContain('SANDBOX_PORT');
    expect(code).toBe(1);
  });
});
