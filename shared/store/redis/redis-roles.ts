import type { RedisOptions } from 'ioredis';
import { type Backoff, computeBackoffMs, spread } from '../../contract/backoff.ts';

/**
 * What a connection is for.
 *
 * - `request`: the path of one HTTP request. It fails fast: a command that gets no answer is given up before the client's
 *   second is over, and nothing waits in a queue for Redis to come back. Commands of one turn leave together.
 * - `flow`: the transactions that accept verifications. As `request`, without a time for each command: see `createReplyWatch`.
 * - `confirm`: waits for replicas or the disk before a 202. As `request`, with the patience that this takes.
 * - `tool`: a command or a start that a person waits for. As `request`, with less patience at the beginning.
 * - `batched`: a worker's records. Its commands wait until Redis is back; those of one turn leave together.
 * - `unbatched`: the same for what must be on its way before something else is: slots, and the mark that a request leaves.
 * - `bullmq`: what BullMQ is given, and duplicates for its blocking commands. As `batched`.
 * - `probe`: one try, to find out what listens at an address.
 */
export type RedisRole =
  | 'request'
  | 'flow'
  | 'confirm'
  | 'tool'
  | 'batched'
  | 'unbatched'
  | 'bullmq'
  | 'probe';

type RoleOptions = Omit<RedisOptions, 'replyMapping'>;

export interface RoleSettings {
  readonly options: RoleOptions;
  /** See `ClosableRedis.batchWrites`. */
  readonly batchesWrites: boolean;
  /** A command that cannot be sent is refused, rather than kept until it can be. */
  readonly failsFast: boolean;
  /** How long Redis may be out of reach before a start is given up. */
  readonly readyWithinMs: number;
}

/** One try plus one delay stays under the 2 s within which work resumes after Redis is back. */
const CONNECT_TIMEOUT_MS = 1_300;
const RECONNECTING: Backoff = { baseMs: 50, capMs: 500 };

const PROBE_ANSWERS_WITHIN_MS = 2_000;

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

const reconnecting = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  // How long a closing socket may wait for a Redis that hangs.
  disconnectTimeout: 300,
  keepAlive: 5_000,
  // ioredis asks a Redis that loads its data again after as long as that says it will take, 10 s at most.
  maxLoadingRetryTime: 500,
  retryStrategy: (attempt: number) => computeReconnectDelayMs(attempt, Math.random()),
} as const satisfies RoleOptions;

const neverLater = {
  ...reconnecting,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  // A write that is sent again after its request was answered 503 would be a surprise to everyone.
  autoResendUnfulfilledCommands: false,
} as const satisfies RoleOptions;

const failFast = {
  ...neverLater,
  commandTimeout: 900,
  // After a hang the socket is dropped: requests then fail at once, instead of each writing one more
  // command that a Redis that wakes up would execute long after its request was answered.
  socketTimeout: 1_000,
} as const satisfies RoleOptions;

/** Waits are bounded by `CONFIRM_WITHIN_MS` (confirm-write.ts). */
const waitsForOthers = {
  ...failFast,
  commandTimeout: 3_000,
  socketTimeout: 3_500,
} as const satisfies RoleOptions;

/** Longer than BullMQ's longest blocking command (10 s) and its own watchdog (+ 1 s). */
export const BLOCKING_SOCKET_TIMEOUT_MS = 15_000;

const patient = {
  ...reconnecting,
  // BullMQ demands null for its blocking connections, which it duplicates from the one it is given.
  maxRetriesPerRequest: null,
  // Ends the wait for a host that vanished without closing the connection; TCP alone would take a quarter of an hour.
  // Longer than Redis stands still to fork for its AOF.
  socketTimeout: 4_000,
} as const satisfies RoleOptions;

const oneTry = {
  lazyConnect: true,
  // Ready or not: while it loads its data it already answers what is asked here.
  enableReadyCheck: false,
  retryStrategy: null,
  connectTimeout: PROBE_ANSWERS_WITHIN_MS,
  commandTimeout: PROBE_ANSWERS_WITHIN_MS,
} as const satisfies RoleOptions;

export const redisRoles: Readonly<Record<RedisRole, RoleSettings>> = {
  request: { options: failFast, batchesWrites: true, failsFast: true, readyWithinMs: 10_000 },
  flow: { options: neverLater, batchesWrites: false, failsFast: true, readyWithinMs: 10_000 },
  confirm: { options: waitsForOthers, batchesWrites: false, failsFast: true, readyWithinMs: 10_000 },
  tool: { options: failFast, batchesWrites: false, failsFast: true, readyWithinMs: 5_000 },
  batched: { options: patient, batchesWrites: true, failsFast: false, readyWithinMs: 30_000 },
  unbatched: { options: patient, batchesWrites: false, failsFast: false, readyWithinMs: 30_000 },
  bullmq: { options: patient, batchesWrites: true, failsFast: false, readyWithinMs: 30_000 },
  probe: { options: oneTry, batchesWrites: false, failsFast: false, readyWithinMs: PROBE_ANSWERS_WITHIN_MS },
};
