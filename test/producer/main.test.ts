import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { programArguments } from '../support/compiled-program.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { makeSubmission } from './submission-builder.ts';

let redis: TestRedis;
const children: ChildProcess[] = [];

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => redis?.stop());

interface LogEntry {
  readonly event?: string;
  readonly url?: string;
}

const main = await programArguments('producer/main');

function start(environment: Record<string, string>) {
  const child = spawn(process.execPath, main, {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const entries: LogEntry[] = [];
  const lines = createInterface({ input: child.stdout }).on('line', (line) => entries.push(JSON.parse(line)));
  return {
    child,
    exited: once(child, 'exit').then(([code]) => code as number | null),
    /** The log entry of this event, which may have been written already. */
    waitFor: async (event: string): Promise<LogEntry> => {
      for (;;) {
        const found = entries.find((entry) => entry.event === event);
        if (found) return found;
        await once(lines, 'line');
      }
    },
  };
}

const key = randomBytes(32).toString('base64');

describe('the producer as a process', () => {
  test('names every mistake in its environment, without a value, and exits 1', async () => {
    const { child, exited } = start({
      REDIS_URL: 'http://user:hidden-one@localhost',
      VERIQUEUE_KEYS: 'k1:aGlkZGVuLXR3bw==',
      PORT: 'hidden-three',
      LANE: 'Main Lane',
    });
    const [errors, code] = await Promise.all([text(child.stderr), exited]);
    expect(code).toBe(1);
    for (const name of ['REDIS_URL', 'VERIQUEUE_KEYS', 'PORT', 'LANE'])
      expect(errors).toMatch(new RegExp(`^ {2}${name}(:| must) `, 'm'));
    expect(errors).not.toMatch(/hidden|aGlkZGVu|Main Lane/);
  });

  test('names what is not set', async () => {
    const { child, exited } = start({});
    const [errors, code] = await Promise.all([text(child.stderr), exited]);
    expect(code).toBe(1);
    expect(errors).toContain('REDIS_URL must be set');
    expect(errors).toContain('VERIQUEUE_KEYS must be set');
  });

  test('refuses a Redis that evicts, with the reason, and exits 1', async () => {
    const admin = new Redis(redis.url);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    try {
      const { child, exited } = start({ REDIS_URL: redis.url, VERIQUEUE_KEYS: `k1:${key}`, PORT: '0' });
      const [errors, code] = await Promise.all([text(child.stderr), exited]);
      expect(code).toBe(1);
      expect(errors).toContain('maxmemory-policy must be noeviction');
    } finally {
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
      admin.disconnect();
    }
  });

  test('shows its settings masked, and on SIGTERM finishes what is in flight and exits 0', async () => {
    const environment = { REDIS_URL: redis.url, VERIQUEUE_KEYS: `k1:${key}`, PORT: '0', LOG_LEVEL: 'debug' };
    const { child, waitFor, exited } = start(environment);
    const settings = await waitFor('settings');
    expect(settings).toMatchObject({
      REDIS_URL: '(set)',
      VERIQUEUE_KEYS: '(set)',
      MAX_BACKLOG: 100_000,
    });
    const { url = '' } = await waitFor('started');

    const admin = new Redis(redis.url);
    const keyRing = parseKeyRing(environment.VERIQUEUE_KEYS);
    if (!keyRing.ok) throw new Error('no key ring');
    const store = { redis: admin, keys: storeKeys('main'), keyRing: keyRing.keyRing };
    const { apiKey } = await createClient(store, { name: 't', allowedOrigins: [], now: Date.now() });

    const body = JSON.stringify(makeSubmission());
    const submission = request(`${url}/v1/verifications`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        expect: '100-continue',
      },
    });
    // The request is with the process for certain, and its body is not.
    submission.flushHeaders();
    await once(submission, 'continue');
    child.kill('SIGTERM');
    await waitFor('stopping');
    const knock = () =>
      fetch(`${url}/livez`).then(
        () => 'served',
        () => 'refused',
      );
    await expect.poll(knock).toBe('refused');
    submission.end(body);
    const [answer] = await once(submission, 'response');
    expect(answer.statusCode).toBe(202);
    answer.resume();
    expect(await exited).toBe(0);
    admin.disconnect();
  });
});
