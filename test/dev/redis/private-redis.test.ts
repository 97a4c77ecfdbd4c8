import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../../../dev/redis/private-redis.ts';
import { isAlive, makePidFileName } from '../../../dev/redis/private-redis-folder.ts';
import '../../support/needs-redis.ts';
import { requireRedisBinary } from '../../support/redis-binary.ts';

describe('a private Redis', () => {
  let binary: string;
  let parent: string;
  let dataDir: string;
  let lines: string[];
  const running: PrivateRedis[] = [];

  const log = {
    info: (_: object, message: string) => lines.push(message),
    warn: (_: object, message: string) => lines.push(message),
  };

  async function start(): Promise<PrivateRedis> {
    const redis = await startPrivateRedis({ dataDir, binary, log });
    running.push(redis);
    return redis;
  }

  beforeAll(async () => {
    binary = await requireRedisBinary();
  });
  beforeEach(async () => {
    lines = [];
    parent = await mkdtemp(join(tmpdir(), 'veriqueue-private-'));
    // A folder that does not exist yet, with what a configuration file would trip over.
    dataDir = join(parent, 'data of "Zoë"', 'redis');
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((redis) => redis.stop()));
    await rm(parent, { recursive: true, force: true });
  });

  it('keeps its data and its address when the program starts again', async () => {
    const first = await start();
    await use(first.url, (client) => client.set('kept', 'yes'));
    await first.stop();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await use(second.url, (client) => client.get('kept'))).toBe('yes');
  });

  it('writes every second, never evicts, and listens on loopback only', async () => {
    const { url } = await start();
    const settings = await use(url, async (client) =>
      Promise.all(
        ['appendonly', 'appendfsync', 'maxmemory-policy', 'bind', 'dir'].map(
          async (name) => ((await client.config('GET', name)) as string[])[1],
        ),
      ),
    );
    expect(settings).toEqual(['yes', 'everysec', 'noeviction', '127.0.0.1', dataDir]);
  });

  it('answers no client without its password', async () => {
    const { url } = await start();
    const { port } = new URL(url);
    await expect(use(`redis://127.0.0.1:${port}`, (client) => client.get('kept'))).rejects.toThrow('NOAUTH');
  });

  it('keeps its password to itself: not on a command line, not to other users, not in its environment', async () => {
    vi.stubEnv('SOME_SECRET', 'canary-of-the-environment');
    const { url, pid } = await start();
    vi.unstubAllEnvs();
    const { password } = new URL(url);
    expect(password.length).toBeGreaterThanOrEqual(32);
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    expect(commandLine).not.toContain(password);
    const modes = await Promise.all(
      ['.', 'redis.conf', 'instance.json'].map(
        async (name) => (await stat(join(dataDir, name))).mode & 0o777,
      ),
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    expect(environment).not.toContain('canary-of-the-environment');
  });

  it('is gone with its pid file when stop returns, and stopping twice is harmless', async () => {
    const redis = await start();
    await Promise.all([redis.stop(), redis.stop()]);
    expect(isAlive(redis.pid)).toBe(false);
    expect((await readdir(dataDir)).filter((name) => name.endsWith('.pid'))).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('that ends by itself is reported', async () => {
    const redis = await start();
    process.kill(redis.pid, 'SIGKILL');
    await redis.exited;
    expect(lines).toEqual(['the private Redis ended by itself']);
    const again = await start();
    expect(await use(again.url, (client) => client.ping())).toBe('PONG');
  });

  it('refuses a second program in the same folder, naming the first', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(new RegExp(`in use by process ${process.pid}\\.`));
    expect(await use(first.url, (client) => client.ping())).toBe('PONG');
  });

  it('lets exactly one of two programs in that start at the same moment', async () => {
    const results = await Promise.allSettled([start(), start()]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await use(running[0]?.url ?? '', (client) => client.ping())).toBe('PONG');
  });

  it('ends with a program that is killed, and the next start finds the data', async () => {
    const owner = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('private-redis-owner.ts', import.meta.url)), dataDir, binary],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = await once(createInterface(owner.stdout), 'line');
    const { url, pid } = JSON.parse(line) as { url: string; pid: number };
    await use(url, (client) => client.set('kept', 'yes'));
    const witness = new Redis(url, { retryStrategy: null, lazyConnect: true });
    await witness.connect();
    const witnessed = once(witness, 'end');

    owner.kill('SIGKILL');
    await witnessed;

    const next = await start();
    expect(next.url).toBe(url);
    expect(next.pid).not.toBe(pid);
    expect(await use(next.url, (client) => client.get('kept'))).toBe('yes');
  });

  it('can be started at the very moment its former program is killed', async () => {
    const owner = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('private-redis-owner.ts', import.meta.url)), dataDir, binary],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(createInterface(owner.stdout), 'line');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const next = await start();
    expect(await use(next.url, (client) => client.ping())).toBe('PONG');
  });

  it('stops what a dead program has left running, and takes over its data', async () => {
    const first = await start();
    await first.stop();
    const orphan = await startOrphan();
    await use(first.url, (client) => client.set('left', 'behind'));

    const next = await start();

    expect(isAlive(orphan)).toBe(false);
    expect(lines).toContain('stopping the private Redis of a program that is gone');
    expect(await use(next.url, (client) => client.get('left'))).toBe('behind');
  });

  it('does not start beside one that hangs, for two in one folder would destroy the data', async () => {
    const first = await start();
    await first.stop();
    const orphan = await startOrphan();
    process.kill(orphan, 'SIGSTOP');
    try {
      await expect(start()).rejects.toThrow(new RegExp(`does not answer \\(process ${orphan}\\)`));
    } finally {
      process.kill(orphan, 'SIGKILL');
    }
  });

  it('moves to another port when a stranger has taken its own', async () => {
    const first = await start();
    await use(first.url, (client) => client.set('kept', 'yes'));
    await first.stop();
    const stranger = createServer((socket) => socket.end('who are you?\r\n'));
    await new Promise<void>((done) => stranger.listen(Number(new URL(first.url).port), '127.0.0.1', done));
    try {
      const second = await start();
      expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
      expect(await use(second.url, (client) => client.get('kept'))).toBe('yes');
    } finally {
      stranger.close();
    }
  });

  it('says what Redis said when it cannot start', async () => {
    const first = await start();
    await first.stop();
    await rm(join(dataDir, 'appendonlydir'), { recursive: true, force: true });
    await writeFile(join(dataDir, 'appendonlydir'), 'not a folder');
    await writeFile(join(dataDir, 'appendonly.aof'), 'not an AOF');
    await expect(start()).rejects.toThrow(/ended after its start:\n.*append/is);
  });

  it('says so when the binary is not there', async () => {
    await expect(startPrivateRedis({ dataDir, binary: '/nowhere/redis-server', log })).rejects.toThrow(
      /\/nowhere\/redis-server/,
    );
  });

  it('does not guess when its own file is damaged', async () => {
    const first = await start();
    await first.stop();
    await writeFile(join(dataDir, 'instance.json'), '{"port":');
    await expect(start()).rejects.toThrow(/instance\.json must hold a port and a password/);
  });

  /** A Redis on the folder whose owner is a process that has ended. */
  async function startOrphan(): Promise<number> {
    const deadPid = spawnSync('true').pid;
    const orphan = spawn(
      binary,
      [join(dataDir, 'redis.conf'), '--pidfile', makePidFileName(dataDir, deadPid)],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    for await (const line of createInterface(orphan.stdout)) {
      if (line.includes('Ready to accept connections')) {
        break;
      }
    }
    orphan.stdout.resume();
    return orphan.pid ?? 0;
  }

  async function use<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(url, { retryStrategy: null, enableReadyCheck: false });
    client.on('error', () => undefined);
    try {
      return await ask(client);
    } finally {
      client.disconnect();
    }
  }
});
