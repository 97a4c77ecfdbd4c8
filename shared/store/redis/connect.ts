import { readFileSync } from 'node:fs';
import type { Redis, RedisOptions } from 'ioredis';
import { type Backoff, computeBackoffMs, spread } from '../../contract/backoff.ts';
import { within } from '../../within.ts';
import { maskRedisUrl, parseRedisUrl } from './address.ts';
import { ClosableRedis } from './closable-redis.ts';
import {
  type ConnectionEvent,
  type ConnectionNews,
  type ConnectionState,
  computeConnectionChange,
} from './connection-state.ts';
import { classifyRedisError, describeRedisError } from './failure.ts';
import { createPrimarySearch, type PrimarySearch } from './primary-search.ts';

/** The part of a pino logger that this folder uses. */
export interface RedisLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/**
 * - `request`: the path of one HTTP request. Fails fast: a command that gets no answer is given up before the
 *   client's second is over, and nothing waits in a queue for Redis to come back.
 * - `queue`: BullMQ's clients. Waits for ever: workers pick up where they were when Redis is back.
 */
export type RedisRole = 'request' | 'queue';

export interface ConnectOptions {
  readonly url: string;
  readonly role: RedisRole;
  readonly log: RedisLog;
  /** PEM file with the authority to trust for `rediss://`, instead of the system's. */
  readonly caFile?: string;
  /** See {@link ClosableRedis.batchWrites}. @default false */
  readonly batchWrites?: boolean;
  /** Shown in Redis' `CLIENT LIST`. */
  readonly name?: string;
}

const ROLES = {
  request: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // A write that is sent again after its request was answered 503 would be a surprise to everyone.
    autoResendUnfulfilledCommands: false,
    commandTimeout: 900,
    // After a hang the socket is dropped: requests then fail at once, instead of each writing one more
    // command that a Redis that wakes up would execute long after its request was answered.
    socketTimeout: 1_000,
  },
  queue: {
    // BullMQ demands null for its blocking connections, which it duplicates from the one it is given.
    maxRetriesPerRequest: null,
    // Longer than BullMQ's longest blocking command (10 s) and its own watchdog (+ 1 s). Ends the wait for a
    // host that vanished without closing the connection; TCP alone would take a quarter of an hour.
    socketTimeout: 15_000,
  },
} as const satisfies Record<RedisRole, RedisOptions>;

const NEWS = {
  connected: { event: 'redis_connected', level: 'info', message: 'connected to Redis' },
  back: { event: 'redis_back', level: 'info', message: 'Redis is back' },
  lost: { event: 'redis_lost', level: 'warn', message: 'lost Redis, reconnecting' },
  unreachable: { event: 'redis_unreachable', level: 'warn', message: 'cannot reach Redis, retrying' },
} as const satisfies Record<
  ConnectionNews['kind'],
  { event: string; level: keyof RedisLog; message: string }
>;

/** One try plus one delay stays under the 2 s within which work resumes after Redis is back. */
const CONNECT_TIMEOUT_MS = 1_300;
const RECONNECTING: Backoff = { baseMs: 50, capMs: 500 };

/**
 * The delay before the next try to connect: 50 ms doubling to 500 ms, without end, less up to a fifth so that
 * many workers do not knock in step. BullMQ's own strategy waits up to 20 s.
 *
 * @param attempt 1 for the first retry
 * @param random in [0, 1)
 */
export function computeReconnectDelayMs(attempt: number, random: number): number {
  return Math.round(spread(computeBackoffMs(RECONNECTING, attempt - 1), { from: 1, to: 0.8 }, random));
}

/**
 * Makes a client that connects in the background and reconnects for ever; a command of the `request` role
 * fails until it is ready, so await {@link waitUntilReady} first. Every state change is one log line, and no
 * error event is left unhandled.
 *
 * @throws {RangeError} for a URL that cannot be read; file system errors for the CA file
 */
export function connectRedis({ url, role, log, caFile, name, batchWrites }: ConnectOptions): Redis {
  const { host, port, tls, db, username, password } = parseRedisUrl(url);
  const search = createPrimarySearch(() => performance.now());
  const client = new ClosableRedis({
    ...ROLES[role],
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: caFile === undefined ? {} : { ca: readFileSync(caFile) } } : {}),
    ...(name === undefined ? {} : { connectionName: name }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    // How long a closing socket may wait for a Redis that hangs.
    disconnectTimeout: 300,
    keepAlive: 5_000,
    retryStrategy: (attempt) => computeReconnectDelayMs(attempt, Math.random()),
    reconnectOnError: search.begins,
  });
  if (batchWrites === true) client.batchWrites();
  tellChanges(client, { log, address: maskRedisUrl(url), role, search });
  return client;
}

/** Redis does not know the user, or its password is another. No wait changes that. */
export class WrongCredentialsError extends Error {}

const WRONG_CREDENTIALS = /^(WRONGPASS|NOAUTH)\b/;

/**
 * Resolves once commands can be sent.
 *
 * @throws {Error} with the last reason when that takes longer than `timeoutMs`; the client goes on trying
 * @throws {WrongCredentialsError} at once
 * @throws the reason of `signal` when it aborts
 */
export async function waitUntilReady(client: Redis, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  if (client.status === 'ready') {
    return;
  }
  let reason = 'no answer';
  let giveUp: () => void = () => undefined;
  const onError = (error: unknown) => {
    reason = describeRedisError(error);
    if (WRONG_CREDENTIALS.test(reason)) giveUp();
  };
  client.on('error', onError);
  const settled = new Promise<void>((settle) => {
    giveUp = settle;
    client.once('ready', settle);
    signal?.addEventListener('abort', () => settle(), { once: true });
  });
  const isLate = (await within(timeoutMs, settled)) === 'expired';
  client.off('error', onError);
  signal?.throwIfAborted();
  if (WRONG_CREDENTIALS.test(reason)) {
    throw new WrongCredentialsError(
      `Cannot use Redis: it must take our user and password, received: ${reason}`,
    );
  }
  if (isLate) {
    throw new Error(`Cannot use Redis: it must be ready within ${timeoutMs} ms, received: ${reason}`);
  }
}

/**
 * Closes a client in whatever state it is; never throws, and leaves no socket behind. Commands already sent
 * get their answers if Redis gives them within half a second.
 */
export async function closeRedis(client: Redis): Promise<void> {
  if (client.status === 'end') {
    return;
  }
  const ended = new Promise((resolve) => client.once('end', resolve));
  if (client.status === 'ready') {
    // QUIT resolves after all replies before it; a hung Redis never answers it.
    await within(500, Promise.allSettled([client.quit()]));
  }
  client.disconnect();
  await within(1_000, ended);
}

function tellChanges(
  client: Redis,
  { log, address, role, search }: { log: RedisLog; address: string; role: RedisRole; search: PrimarySearch },
): void {
  let state: ConnectionState = { kind: 'connecting', told: undefined };
  const take = (event: ConnectionEvent) => {
    const change = computeConnectionChange(state, event, Date.now());
    state = change.state;
    if (change.news !== undefined) {
      tell(log, change.news, { redis: address, role });
    }
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
function tell(log: RedisLog, { kind, ...detail }: ConnectionNews, fields: object): void {
  const { event, level, message } = NEWS[kind];
  log[level]({ event, ...fields, ...detail }, message);
}
