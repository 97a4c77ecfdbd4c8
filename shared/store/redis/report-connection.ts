import type { Redis } from 'ioredis';
import { adviseOnConnection } from './connection-advice.ts';
import {
  type ConnectionEvent,
  type ConnectionNews,
  type ConnectionState,
  computeConnectionChange,
} from './connection-state.ts';
import { LOADING, noteTrouble } from './connection-trouble.ts';
import { classifyRedisError, describeRedisError, isTlsFailure } from './failure.ts';
import type { Replacement } from './primary-search.ts';
import { asConnectionLog, type RedisLog } from './redis-log.ts';
import type { RedisRole } from './redis-roles.ts';

const NEWS = {
  connected: { event: 'redis_connected', level: 'info', message: 'connected to Redis' },
  back: { event: 'redis_back', level: 'info', message: 'Redis is back' },
  lost: { event: 'redis_lost', level: 'warn', message: 'lost Redis, reconnecting' },
  unreachable: { event: 'redis_unreachable', level: 'warn', message: 'cannot reach Redis, retrying' },
} as const satisfies Record<
  ConnectionNews['kind'],
  { event: string; level: 'info' | 'warn'; message: string }
>;

export interface ConnectionReport {
  readonly log: RedisLog;
  /** As it may be printed. */
  readonly address: string;
  readonly role: RedisRole;
  readonly tls: boolean;
}

/** Notes what happens to a connection, and logs each change of its state once. */
export type TakeConnectionEvent = (event: ConnectionEvent) => void;

/** @param subject what {@link explainAbsence} is asked about */
export function trackConnection(
  subject: object,
  { log, address, role, tls }: ConnectionReport,
): TakeConnectionEvent {
  let state: ConnectionState = { kind: 'connecting', reported: [] };
  return (event) => {
    if (event.kind === 'error') noteTrouble(subject, event.reason);
    if (event.kind === 'ready') noteTrouble(subject, null);
    const change = computeConnectionChange(state, event, Date.now());
    state = change.state;
    if (change.news !== undefined) report(log, change.news, { redis: address, role }, tls);
  };
}

/** A Redis that loads its data has as long to say so: before, it is only slow. */
const LOADS_AFTER_MS = 1_000;

/** Logs every change of a connection's state, each once, and handles its error events. */
export function reportConnection(
  client: Redis,
  { replacement, ...settings }: ConnectionReport & { readonly replacement: Replacement },
): void {
  const take = trackConnection(client, settings);
  let loading: NodeJS.Timeout | undefined;
  client.on('connect', () => {
    loading = setTimeout(() => {
      if (client.status === 'connect') take({ kind: 'error', failure: 'refused', reason: LOADING });
    }, LOADS_AFTER_MS).unref();
  });
  // The next connection has a second of its own.
  client.on('close', () => clearTimeout(loading));
  client.on('ready', () => {
    replacement.ended();
    take({ kind: 'ready' });
  });
  // Not `close`: that also comes when we close the client ourselves, which is no news.
  client.on('reconnecting', () => {
    if (!replacement.isUnderWay()) take({ kind: 'closed' });
  });
  client.on('error', (error: unknown) => take(errorEvent(error)));
  client.on('end', () => asConnectionLog(settings.log)?.forget());
}

export function errorEvent(error: unknown): ConnectionEvent {
  // TLS that is not agreed on is another state than a host that is gone: it does not pass by itself.
  const failure = isTlsFailure(error) ? undefined : classifyRedisError(error);
  return { kind: 'error', failure, reason: describeRedisError(error) };
}

/** `back` carries how long it was away, the bad news carry a reason. */
function report(log: RedisLog, { kind, ...detail }: ConnectionNews, fields: object, tls: boolean): void {
  const { event, level, message } = NEWS[kind];
  const advice = 'reason' in detail ? adviseOnConnection(detail.reason, { tls }) : null;
  log[level]({ event, ...fields, ...detail, ...(advice === null ? {} : { advice }) }, message);
}
