import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { programArguments } from '../support/compiled-program.ts';
import type { LogLine } from '../support/recorded-log.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { startReplicatedRedis } from '../support/replicated-redis.ts';

let server: TestRedis;
let admin: Redis;
const children: ChildProcess[] = [];

beforeAll(async () => {
  server = await startTestRedis();
  admin = new Redis(server.url);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const { end } of Object.values(unusable)) await end();
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

const unusable = {
  'is full': {
    reason: /OOM/,
    begin: () => admin.config('SET', 'maxmemory', '1mb'),
    end: () => admin.config('SET', 'maxmemory', '0'),
  },
  'is a replica': {
    reason: /role must be master, but is slave/,
    begin: () => admin.replicaof('127.0.0.1', 1),
    end: () => admin.replicaof('NO', 'ONE'),
  },
};

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function start(
  part: 'worker' | 'producer',
  environment: Record<string, string> = {},
  setting = part === 'worker' ? 'WORKER_PORT' : 'OPERATIONS_PORT',
) {
  const port = await freePort();
  const child = spawn(process.execPath, await programArguments(`${part}/main`), {
    env: {
      PATH: process.env['PATH'],
      REDIS_URL: server.url,
      VERIQUEUE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      TENCENTCLOUD_SECRET_ID: 'id',
      TENCENTCLOUD_SECRET_KEY: 'key',
      FACEID_ENDPOINT: 'http://127.0.0.1:9',
      PORT: '0',
      [setting]: String(port),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: LogLine[] = [];
  const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  return {
    child,
    lines,
    errors: text(child.stderr),
    exited: once(child, 'exit').then(([code]) => code as number | null),
    line: async (event: string): Promise<LogLine> => {
      for (;;) {
        const found = lines.find((line) => line.event === event);
        if (found) return found;
        await once(output, 'line');
      }
    },
    ask: (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init),
  };
}

describe.each(['worker', 'producer'] as const)('a %s', (part) => {
  test.each(Object.entries(unusable))(
    'started while Redis %s waits, says so, and starts by itself',
    async (_, state) => {
      await state.begin();
      const started = await start(part);
      expect((await started.line('redis_awaited'))['reason']).toMatch(state.reason);
      await expect.poll(async () => (await started.ask('/livez')).status, { timeout: 60_000 }).toBe(200);
      const readiness = await started.ask('/readyz');
      expect(readiness.status).toBe(503);
      expect(((await readiness.json()) as { redis: string }).redis).toMatch(state.reason);
      await state.end();
      await started.line('started');
      await expect.poll(async () => (await started.ask('/readyz')).status, { timeout: 60_000 }).toBe(200);
      expect(started.lines.filter(({ event }) => event === 'redis_awaited')).toHaveLength(1);
    },
  );

  test('started on the connections of what is a replica now finds the primary behind the same address', async () => {
    const redis = await startReplicatedRedis();
    try {
      redis.proxy.pointTo(redis.second.port);
      const started = await start(part, { REDIS_URL: redis.url });
      await started.line('redis_awaited');
      // Connections that stand stay where they are.
      redis.proxy.pointTo(redis.first.port);
      await started.line('started');
    } finally {
      await redis.stop();
    }
  });

  test.each([
    ['the same address leads to the primary', 'first'],
    ['it is stopped', 'second'],
  ] as const)('started where packets vanish goes on when %s', async (_, node) => {
    const redis = await startReplicatedRedis();
    try {
      redis.proxy.pointTo(redis.second.port);
      const started = await start(part, { REDIS_URL: redis.url });
      await started.line('redis_awaited');
      redis.proxy.pointTo(redis[node].port);
      redis.proxy.swallow();
      if (node === 'first') await started.line('started');
      started.child.kill('SIGTERM');
      expect(await started.exited).toBe(0);
    } finally {
      await redis.stop();
    }
  });

  test('that is stopped while it waits ends with 0', async () => {
    await unusable['is a replica'].begin();
    const started = await start(part);
    await started.line('redis_awaited');
    started.child.kill('SIGTERM');
    expect(await started.exited).toBe(0);
  });

  test.each([
    ['an evicting Redis', {}, /maxmemory-policy must be noeviction/],
    ['a wrong password', { password: 'wrong' }, /WRONGPASS|invalid/i],
  ])(
    'exits with 1 because of %s, which does not pass by itself',
    async (_, { password }: { password?: string }, reason) => {
      if (password === undefined) await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
      const url = new URL(server.url);
      if (password !== undefined) url.password = password;
      const started = await start(part, { REDIS_URL: url.href });
      expect(await started.exited).toBe(1);
      expect(await started.errors).toMatch(reason);
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
    },
  );
});

describe('a producer that waits for Redis where its API will be', () => {
  test('asks those who submit to come again', async () => {
    await unusable['is full'].begin();
    const started = await start('producer', {}, 'PORT');
    await started.line('redis_awaited');
    await expect.poll(async () => (await started.ask('/livez')).status, { timeout: 60_000 }).toBe(200);
    const submission = await started.ask('/v1/verifications', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ imageBase64: 'a'.repeat(500_000) }),
    });
    expect(submission.status).toBe(503);
    expect(submission.headers.get('retry-after')).toBe('1');
    expect(await submission.json()).toMatchObject({ code: 'unavailable' });
    expect((await started.ask('/v1/lane')).status).toBe(503);
  });
});
