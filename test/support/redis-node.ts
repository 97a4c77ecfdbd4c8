import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { spawnRedis } from '../../dev/redis/redis-process.ts';
import './needs-redis.ts';
import { requireRedisBinary } from './redis-binary.ts';

/** One Redis server or sentinel of several, on a port of its own that it keeps. */
export interface RedisNode {
  readonly port: number;
  /** As a crash does (SIGKILL); its data stays. */
  kill(): Promise<void>;
  /** Again, after {@link RedisNode.kill}, on the same port and with the same data. */
  start(): Promise<void>;
  /** Accepts connections and answers nothing (SIGSTOP). */
  hang(): void;
  /** The end of {@link RedisNode.hang}. */
  wake(): void;
  /** For `afterAll`. */
  stop(): Promise<void>;
}

export interface RedisNodeOptions {
  /** @default server */
  readonly kind?: 'server' | 'sentinel';
  readonly port?: number;
  /** Of its configuration. `port` and `dir` stand there already. */
  readonly lines: readonly string[];
  /** How a client of the test's gets in. */
  readonly access?: RedisOptions;
  /** @default plain */
  readonly portSetting?: 'port' | 'tls-port';
}

/** Resolves when it answers. */
export async function startRedisNode(options: RedisNodeOptions): Promise<RedisNode> {
  const { kind = 'server', lines, access = {}, portSetting = 'port' } = options;
  const port = options.port ?? (await findFreePort());
  const folder = await mkdtemp(join(tmpdir(), `veriqueue-${kind}-`));
  await chmod(folder, 0o700);
  // A server that is started by this name is a sentinel.
  const binary = kind === 'sentinel' ? join(folder, 'redis-sentinel') : await requireRedisBinary();
  if (kind === 'sentinel') await symlink(await requireRedisBinary(), binary);
  const configFile = join(folder, 'node.conf');
  const ports = portSetting === 'tls-port' ? ['port 0', `tls-port ${port}`] : [`port ${port}`];
  // A sentinel and a replica write their configuration again; it is written once here.
  await writeFile(
    configFile,
    ['bind 127.0.0.1', ...ports, `dir ${folder}`, 'loglevel notice', ...lines, ''].join('\n'),
  );
  const pidFile = join(folder, 'node.pid');
  const start = async () => {
    const run = spawnRedis({ binary, configFile, pidFile, dataDir: folder });
    await untilAnswers(port, access, run.exited);
    return { run, pid: Number(await readFile(pidFile, 'utf8')) };
  };
  let current: Awaited<ReturnType<typeof start>> | undefined = await start();
  const signal = (name: NodeJS.Signals) => {
    if (current !== undefined) process.kill(current.pid, name);
  };
  const kill = async () => {
    signal('SIGKILL');
    await current?.run.exited;
    current = undefined;
  };
  return {
    port,
    kill,
    start: async () => {
      current ??= await start();
    },
    hang: () => signal('SIGSTOP'),
    wake: () => signal('SIGCONT'),
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilAnswers(
  port: number,
  access: RedisOptions,
  exited: Promise<{ readonly lastLines: readonly string[] }>,
): Promise<void> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    retryStrategy: () => 50,
    ...access,
    replyMapping: 'legacy',
  });
  client.on('error', () => undefined);
  try {
    const ended = exited.then(({ lastLines }) => {
      throw new Error(`Cannot start a Redis node: it ended with\n${lastLines.join('\n')}`);
    });
    await Promise.race([untilLoaded(client), ended]);
  } finally {
    client.disconnect();
  }
}

/** A connection without a ready check exists before Redis has read its data. */
async function untilLoaded(client: Redis): Promise<void> {
  while ((await client.ping().catch((error: Error) => error.message)).startsWith('LOADING')) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Low enough for the port of a cluster's bus, 10,000 higher, which is looked at too. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
