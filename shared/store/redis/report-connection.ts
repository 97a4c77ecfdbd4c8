import {
  type ConnectionEvent,
  type ConnectionNews,
  type ConnectionState,
  computeConnectionChange,
} from './connection-state.ts';
import { classifyRedisError, describeRedisError } from './failure.ts';
import type { PrimarySearch } from './primary-search.ts';
import type { Redis } from './redis-client.ts';
import type { RedisLog } from './redis-log.ts';
import type { RedisRole } from './redis-roles.ts';

const NEWS = {
  connected: { event: 'redis_connected', level: 'info', message: 'connected to Redis' },
  back: { event: 'redis_back', level: 'info', message: 'Redis is back' },
  lost: { event: 'redis_lost', level: 'warn', message: 'lost Redis, reconnecting' },
  unreachable: { event: 'redis_unreachable', level: 'warn', message: 'cannot reach Redis, retrying' },
} as const satisfies Record<
  ConnectionNews['kind'],
  { event: string; level: keyof RedisLog; message: string }
>;

/** Logs every change of a connection's state, each once, and handles its error events. */
export function reportConnection(
  client: Redis,
  { log, address, role, search }: { log: RedisLog; address: string; role: RedisRole; search: PrimarySearch },
): void {
  let state: ConnectionState = { kind: 'connecting', reported: undefined };
  const take = (event: ConnectionEvent) => {
    const change = computeConnectionChange(state, event, Date.now());
    state = change.state;
    if (change.news !== undefined) report(log, change.news, { redis: address, role });
  };
  client.on('ready', () => {
    search.ended();
    take({ kind: 'ready' });
  });
  // Not `close`: that also comes when we close the client ourselves, which is no news.
  client.on('reconnecting', () => {
    if (!search.isUnderWay()) take({ kind: 'closed' });
  });
  client.on('error', (error: unknown) =>
    take({ kind: 'error', failure: classifyRedisError(error), reason: describeRedisError(error) }),
  );
}

/** `back` carries how long it was away, the bad news carry a reason. */
function report(log: RedisLog, { kind, ...detail }: ConnectionNews, fields: object): void {
  const { event, level, message } = NEWS[kind];
  log[level]({ event, ...fields, ...detail }, message);
}
