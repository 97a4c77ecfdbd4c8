import { readFileSync } from 'node:fs';
import { maskRedisUrl, parseRedisUrl, type RedisAddress } from './redis/address.ts';
import { ClosableRedis } from './redis/closable-redis.ts';
import { createPrimarySearch } from './redis/primary-search.ts';
import type { Redis } from './redis/redis-client.ts';
import type { RedisLog } from './redis/redis-log.ts';
import { type RedisRole, redisRoles } from './redis/redis-roles.ts';
import { reportConnection } from './redis/report-connection.ts';

export interface RedisSettings {
  /** What {@link parseRedisUrl} reads. */
  readonly url: string;
  /** PEM file with the authority to trust for `rediss://`, instead of the system's. */
  readonly caFile?: string | undefined;
  /** Shown in Redis' `CLIENT LIST`. */
  readonly name?: string;
  readonly log: RedisLog;
}

/**
 * Makes a connection, the only place that does: for the producer, the worker, the command line, development and benchmarks.
 *
 * It connects in the background and reconnects without end (a `probe` tries once, when it is asked to connect). A command
 * of a role that fails fast fails until the connection is ready, so await `waitUntilReady` first. Every state change is one
 * log line, and no error event is left unhandled.
 *
 * @throws {RangeError} for a URL that cannot be read; file system errors for the CA file
 */
export function openRedis({ url, caFile, name, log }: RedisSettings, role: RedisRole): Redis {
  const { options, batchesWrites } = redisRoles[role];
  const search = createPrimarySearch(() => performance.now());
  const client = new ClosableRedis({
    // Before the role's options: a probe looks for no other primary.
    ...(role === 'probe' ? {} : { reconnectOnError: search.begins }),
    ...options,
    ...describeTarget(parseRedisUrl(url), caFile),
    ...(name === undefined ? {} : { connectionName: name }),
  });
  if (batchesWrites) client.batchWrites();
  reportConnection(client, { log, address: maskRedisUrl(url), role, search });
  return client;
}

function describeTarget(address: RedisAddress, caFile: string | undefined) {
  switch (address.kind) {
    case 'single': {
      const { host, port, tls, db, username, password } = address;
      return {
        host,
        port,
        db,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(tls ? { tls: caFile === undefined ? {} : { ca: readFileSync(caFile) } } : {}),
      };
    }
    default:
      return address.kind satisfies never;
  }
}
