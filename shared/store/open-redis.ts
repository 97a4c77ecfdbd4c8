import { readFileSync } from 'node:fs';
import type { RedisOptions } from 'ioredis';
import { maskRedisUrl, parseRedisUrl, type RedisAddress } from './redis/address.ts';
import { asConnection, ClosableCluster } from './redis/closable-cluster.ts';
import { ClosableRedis } from './redis/closable-redis.ts';
import { clusterOptionsOf } from './redis/cluster-options.ts';
import { createPrimarySearch } from './redis/primary-search.ts';
import type { Redis } from './redis/redis-client.ts';
import { asConnectionLog, type RedisLog } from './redis/redis-log.ts';
import { computeReconnectDelayMs, type RedisRole, redisRoles } from './redis/redis-roles.ts';
import { reportCluster } from './redis/report-cluster.ts';
import { type ConnectionReport, reportConnection } from './redis/report-connection.ts';

/** Which Redis, and what it takes to get in. */
export interface RedisTarget {
  /** What {@link parseRedisUrl} reads. */
  readonly url: string;
  /** PEM file with the authority to trust for TLS, instead of the system's. */
  readonly caFile?: string | undefined;
  /** PEM files with the certificate that Redis asks of its clients, and its key. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The name in the certificate of Redis, where that is not the address. */
  readonly tlsServername?: string | undefined;
  /** What the sentinels ask for; the user and the password of the URL are those of Redis. */
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
}

export interface RedisSettings extends RedisTarget {
  /** Shown in Redis' `CLIENT LIST`. */
  readonly name?: string;
  /** A key of the namespace that the connection is for: in a cluster, the node that it is on is the one that counts. */
  readonly home?: string;
  readonly log: RedisLog;
}

/**
 * Makes a connection, the only place that does: for the producer, the worker, the command line, development and benchmarks.
 *
 * It connects in the background and reconnects without end (a `probe` tries once, when it is asked to connect). A command
 * of a role that fails fast fails until the connection is ready, so await `waitUntilReady` first. Every state change is one
 * log line, and no error event is left unhandled.
 *
 * @throws {RangeError} for a URL that cannot be read; file system errors for the certificates
 */
export function openRedis(settings: RedisSettings, role: RedisRole): Redis {
  const address = parseRedisUrl(settings.url);
  const tls = readTls(address, settings);
  const report: ConnectionReport = {
    log: settings.log,
    address: maskRedisUrl(settings.url),
    role,
    tls: tls !== undefined,
  };
  return address.kind === 'cluster'
    ? openCluster(address, settings, { tls, report })
    : openServer(address, settings, { tls, report });
}

type Tls = NonNullable<RedisOptions['tls']>;

interface Opening {
  readonly tls: Tls | undefined;
  readonly report: ConnectionReport;
}

/** Read at each opening, so that a process that is started again takes a renewed certificate. */
function readTls(address: RedisAddress, settings: RedisTarget): Tls | undefined {
  if (address.kind === 'socket' || !address.tls) return undefined;
  const { caFile, certFile, keyFile, tlsServername } = settings;
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    ...(tlsServername === undefined ? {} : { servername: tlsServername }),
  };
}

type ServerAddress = Exclude<RedisAddress, { kind: 'cluster' }>;

function openServer(address: ServerAddress, settings: RedisSettings, { tls, report }: Opening): Redis {
  const { options: ofRole, batchesWrites } = redisRoles[report.role];
  const search = createPrimarySearch(() => performance.now());
  const options: RedisOptions = {
    // Before the role's options: a probe looks for no other primary.
    ...(report.role === 'probe' ? {} : { reconnectOnError: search.begins }),
    ...ofRole,
    ...describeServer(address, settings),
    ...describeLogin(address),
    ...(tls === undefined ? {} : { tls }),
    ...(settings.name === undefined ? {} : { connectionName: settings.name }),
  };
  const client = new ClosableRedis({ ...options, replyMapping: 'legacy' });
  if (batchesWrites) client.batchWrites();
  reportConnection(client, { ...report, replacement: search });
  client.reportDuplicates((duplicate, replacement) =>
    reportConnection(duplicate, { ...ofDuplicate(report), replacement }),
  );
  return client;
}

const ofDuplicate = (report: ConnectionReport): ConnectionReport => ({
  ...report,
  log: asConnectionLog(report.log)?.another() ?? report.log,
});

function describeLogin({ username, password }: RedisAddress): Pick<RedisOptions, 'username' | 'password'> {
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

function describeServer(address: ServerAddress, settings: RedisTarget): Partial<RedisOptions> {
  const { db } = address;
  if (address.kind === 'socket') return { path: address.path, db };
  const family = address.family === undefined ? {} : { family: address.family };
  switch (address.kind) {
    case 'single':
      return { host: address.host, port: address.port, db, ...family };
    case 'sentinel':
      return {
        // Not `failoverDetector`: a switch that comes between two tries to connect ends its clients for good.
        sentinels: address.sentinels.map((sentinel) => ({ ...sentinel })),
        name: address.name,
        sentinelRetryStrategy: (attempt) => computeReconnectDelayMs(attempt, Math.random()),
        sentinelCommandTimeout: SENTINEL_ANSWERS_WITHIN_MS,
        ...(settings.sentinelUsername === undefined ? {} : { sentinelUsername: settings.sentinelUsername }),
        ...(settings.sentinelPassword === undefined ? {} : { sentinelPassword: settings.sentinelPassword }),
        ...(address.tls ? { enableTLSForSentinelMode: true, sentinelTLS: readTls(address, settings) } : {}),
        db,
        ...family,
      };
    default:
      return address satisfies never;
  }
}

const SENTINEL_ANSWERS_WITHIN_MS = 1_000;

function openCluster(
  address: Extract<RedisAddress, { kind: 'cluster' }>,
  settings: RedisSettings,
  { tls, report }: Opening,
): Redis {
  const { batchesWrites, failsFast } = redisRoles[report.role];
  const cluster = new ClosableCluster(
    address.nodes.map((node) => ({ ...node })),
    clusterOptionsOf(report.role, {
      ...describeLogin(address),
      ...(address.family === undefined ? {} : { family: address.family }),
      ...(tls === undefined ? {} : { tls }),
      ...(settings.name === undefined ? {} : { connectionName: settings.name }),
    }),
  );
  if (batchesWrites) cluster.batchWrites();
  if (failsFast) cluster.failFast();
  const { home } = settings;
  reportCluster(cluster, { ...report, home });
  cluster.reportDuplicates((duplicate) => reportCluster(duplicate, { ...ofDuplicate(report), home }));
  return asConnection(cluster);
}
