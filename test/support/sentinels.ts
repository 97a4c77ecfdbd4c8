import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import type { RedisTarget } from '../../shared/store/open-redis.ts';
import { redisCertificate, redisKey } from '../privacy/redis-certificate.ts';
import { findFreePort, type RedisNode, startRedisNode } from './redis-node.ts';

/** A primary with two replicas, watched by three sentinels. */
export interface Sentinels {
  /** `redis[s]+sentinel://:password@host:port,…/name` */
  readonly url: string;
  /** Settings beside the URL that processes need. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same for `openRedis`. */
  readonly target: RedisTarget;
  /** The port of the primary, as a sentinel has it now. */
  primary(): Promise<number>;
  /** Kills the primary. @returns resolves when the sentinels have another, with the ms since the kill */
  killPrimary(): Promise<{ readonly promoted: Promise<number> }>;
  /** A client of the test's own at the primary. */
  connect(): Promise<Redis>;
  readonly nodes: readonly RedisNode[];
  stop(): Promise<void>;
}

const NAME = 'vq';
const PASSWORD = 'of-redis';
const SENTINEL_PASSWORD = 'of-sentinels';

export interface SentinelOptions {
  /** After which a primary that does not answer is given up. @default 1000 */
  readonly downAfterMs?: number;
  /** Further lines of the servers' configuration. */
  readonly lines?: readonly string[];
  /** Servers and sentinels take TLS alone, and ask for no certificate. @default false */
  readonly tls?: boolean;
}

/** The certificate and its key, for servers whose clients connect to 127.0.0.1. */
export interface TlsFiles {
  readonly folder: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Of a server that takes nothing but TLS. */
  readonly lines: readonly string[];
}

export async function writeTlsFiles(): Promise<TlsFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-tls-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(certFile, redisCertificate);
  await writeFile(keyFile, redisKey, { mode: 0o600 });
  return {
    folder,
    certFile,
    keyFile,
    lines: [
      `tls-cert-file ${certFile}`,
      `tls-key-file ${keyFile}`,
      `tls-ca-cert-file ${certFile}`,
      'tls-auth-clients no',
      'tls-replication yes',
    ],
  };
}

export async function startSentinels({
  downAfterMs = 1_000,
  lines = [],
  tls = false,
}: SentinelOptions = {}): Promise<Sentinels> {
  const files = tls ? await writeTlsFiles() : undefined;
  const portSetting = files === undefined ? 'port' : 'tls-port';
  const secure: RedisOptions = files === undefined ? {} : { tls: { ca: redisCertificate } };
  const connectTo = (port: number, password = PASSWORD) => {
    const client = new Redis({ host: '127.0.0.1', port, password, ...secure, replyMapping: 'legacy' });
    client.on('error', () => undefined);
    return client;
  };
  const server = (primaryPort?: number) => [
    `requirepass ${PASSWORD}`,
    `masterauth ${PASSWORD}`,
    'appendonly yes',
    'save ""',
    'repl-diskless-sync-delay 0',
    ...(files?.lines ?? []),
    ...(primaryPort === undefined ? [] : [`replicaof 127.0.0.1 ${primaryPort}`]),
    ...lines,
  ];
  const access = { password: PASSWORD, ...secure };
  const first = await startRedisNode({ lines: server(), access, portSetting });
  const replicas = await Promise.all(
    [1, 2].map(() => startRedisNode({ lines: server(first.port), access, portSetting })),
  );
  await untilSynced(connectTo(first.port), replicas.length);
  const ports = await Promise.all([1, 2, 3].map(() => findFreePort()));
  const sentinels = await Promise.all(
    ports.map((port) =>
      startRedisNode({
        kind: 'sentinel',
        port,
        portSetting,
        access: { password: SENTINEL_PASSWORD, ...secure },
        lines: [
          ...(files?.lines ?? []),
          `requirepass ${SENTINEL_PASSWORD}`,
          `sentinel sentinel-pass ${SENTINEL_PASSWORD}`,
          `sentinel monitor ${NAME} 127.0.0.1 ${first.port} 2`,
          `sentinel auth-pass ${NAME} ${PASSWORD}`,
          `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
          `sentinel failover-timeout ${NAME} 6000`,
          `sentinel parallel-syncs ${NAME} 2`,
        ],
      }),
    ),
  );
  const asking = connectTo(ports[0] ?? 0, SENTINEL_PASSWORD);
  const primary = async () => {
    const [, port] = (await asking.call('SENTINEL', 'get-master-addr-by-name', NAME)) as [string, string];
    return Number(port);
  };
  await untilKnown(asking);
  const servers = [first, ...replicas];
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
  const url = `${tls ? 'rediss' : 'redis'}+sentinel://:${PASSWORD}@${hosts}/${NAME}`;
  return {
    url,
    environment: {
      REDIS_SENTINEL_PASSWORD: SENTINEL_PASSWORD,
      ...(files === undefined ? {} : { REDIS_CA_FILE: files.certFile }),
    },
    target: { url, sentinelPassword: SENTINEL_PASSWORD, caFile: files?.certFile },
    primary,
    nodes: servers,
    killPrimary: async () => {
      const port = await primary();
      const began = performance.now();
      await servers.find((node) => node.port === port)?.kill();
      const others = servers.filter((node) => node.port !== port).map((node) => connectTo(node.port));
      return { promoted: untilPromoted(others, began) };
    },
    connect: async () => connectTo(await primary()),
    stop: async () => {
      asking.disconnect();
      await Promise.all([...sentinels, ...servers].map((node) => node.stop()));
      if (files !== undefined) await rm(files.folder, { recursive: true, force: true });
    },
  };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

async function untilSynced(client: Redis, replicas: number): Promise<void> {
  while (((await client.info('replication')).match(/state=online/g) ?? []).length < replicas) await pause();
  client.disconnect();
}

/** Each sentinel has found the replicas and the other two. */
async function untilKnown(sentinel: Redis): Promise<void> {
  for (;;) {
    const flat = (await sentinel.call('SENTINEL', 'master', NAME)) as string[];
    const facts = new Map(flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1]] as const] : [])));
    if (facts.get('num-slaves') === '2' && facts.get('num-other-sentinels') === '2') return;
    await pause();
  }
}

/** Asks the servers themselves: a sentinel says so a little later. */
async function untilPromoted(others: readonly Redis[], began: number): Promise<number> {
  try {
    for (;;) {
      const roles = await Promise.all(others.map(async (client) => (await client.role())[0]));
      if (roles.includes('master')) return performance.now() - began;
      await pause();
    }
  } finally {
    for (const client of others) client.disconnect();
  }
}
