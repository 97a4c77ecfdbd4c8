/**
 * What a failed Redis command means for the caller.
 *
 * - `gone`: no answer. The command may or may not have been executed.
 * - `refused`: Redis answered that it takes no writes (or nothing at all) at the moment; nothing was written.
 */
export type RedisFailure = 'gone' | 'refused';

/**
 * Error codes of Redis that pass without a change of the program: memory full, disk full, loading, a replica
 * after a failover, a script of another program that blocks, no connection left, a slot of a cluster that moves.
 */
const REFUSALS =
  /\b(OOM|MISCONF|LOADING|READONLY|MASTERDOWN|NOREPLICAS|BUSY|CLUSTERDOWN|TRYAGAIN|MOVED|ASK)\b|max number of clients|non local key in a cluster/;

const GONE_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * ioredis distinguishes these by message only; there is no code and no class to branch on. The texts are those
 * of ioredis 6.0 (`Redis.js`, `Command.js`, `event_handler.js`), held by a test against the real library.
 */
const GONE_MESSAGES =
  /^(Connection is closed|Command timed out|Stream isn't writeable|Socket timeout|Command aborted due to connection close|Reached the max retries per request|All sentinels are unreachable|Failed to refresh slots cache|None of startup nodes is available|Cluster is ended|Too many Cluster redirections|Client network socket disconnected)/;

/** What ioredis says in the terms of its options, which no user of ours sets. */
const IN_OUR_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^Reached the max retries per request/, 'the connection ended before an answer came'],
  [/^Stream isn't writeable/, 'there is no connection'],
];

/** How many ms ioredis waits until it asks the sentinels again: another number each time, of no use to a reader. */
const SENTINEL_RETRY = / Retrying from scratch after \d+ms\./;

/**
 * Redis forgot scripts, and discarded the repetition of a transaction as a whole. It keeps what the first one has written without them. The
 * failure is that of the repetition.
 */
export class PartlyWrittenError extends Error {
  /** @param cause what came of the repetition */
  constructor(cause: unknown) {
    super(`Redis forgot scripts, and then: ${describeRedisError(cause)}`, { cause });
  }
}

/**
 * Decides whether an error means that Redis is unavailable, and how; undefined: a mistake of ours, or not
 * from Redis at all. A script's error carries the code of the command that failed inside it, so the code is
 * looked for anywhere in a reply.
 */
export function classifyRedisError(error: unknown): RedisFailure | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  if (error instanceof PartlyWrittenError) return classifyRedisError(error.cause);
  const node = lastNodeErrorOf(error);
  if (node !== undefined) return classifyRedisError(node) ?? 'gone';
  const code = 'code' in error ? error.code : undefined;
  if (isTlsFailure(error)) return 'gone';
  if ((typeof code === 'string' && GONE_CODES.has(code)) || GONE_MESSAGES.test(error.message)) {
    return 'gone';
  }
  if (error.name !== 'ReplyError') return undefined;
  if (REFUSALS.test(error.message)) return 'refused';
  // A transaction of which a command was refused says no more than that; the reasons are beside it.
  return listPreviousErrors(error).some((previous) => classifyRedisError(previous) === 'refused')
    ? 'refused'
    : undefined;
}

/** Whether the two sides did not agree on TLS. */
export function isTlsFailure(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('ERR_SSL_')
  );
}

/** Why the last of a cluster's nodes could not be asked for the others. */
function lastNodeErrorOf(error: Error): Error | undefined {
  return 'lastNodeError' in error && error.lastNodeError instanceof Error ? error.lastNodeError : undefined;
}

function listPreviousErrors(error: Error): readonly unknown[] {
  return error.message.startsWith('EXECABORT') &&
    'previousErrors' in error &&
    Array.isArray(error.previousErrors)
    ? error.previousErrors
    : [];
}

/**
 * The one line of a Redis error that may be logged. The error object itself must not be: ioredis attaches the
 * failed command with its arguments, and for a failed log-in those are the user name and the password.
 */
export function describeRedisError(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown error';
  }
  const node = lastNodeErrorOf(error);
  if (node !== undefined) return describeRedisError(node);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const [previous] = listPreviousErrors(error);
  if (previous !== undefined) return describeRedisError(previous);
  const tls = /SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1];
  if (tls !== undefined) return `TLS: ${tls}`;
  const [, ours] = IN_OUR_WORDS.find(([pattern]) => pattern.test(error.message)) ?? [];
  if (ours !== undefined) return ours;
  // A refused dual-stack connection is an AggregateError with an empty message.
  return error.message === '' ? code || error.name : error.message.replace(SENTINEL_RETRY, '');
}

/**
 * What is read at a key, or `otherwise` when the key holds another type of value. One bad key among many that are listed
 * must not fail the list.
 */
export async function readOr<T, U>(reading: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && /\bWRONGTYPE\b/.test(error.message)) return otherwise;
    throw error;
  }
}
