import { describeRedisError } from './failure.ts';
import { isOlder } from './fitness.ts';
import { PROBE_KEPT_MS } from './probe-writes.ts';
import type { Redis } from './redis-client.ts';

/** What a write waits for before it counts as kept. */
export type AcceptAfter =
  /** Redis has carried it out. */
  | { readonly kind: 'exec' }
  /** So many replicas have it too: it survives the loss of the primary, if one of them follows. */
  | { readonly kind: 'replicas'; readonly count: number }
  /** It is on the primary's disk. */
  | { readonly kind: 'fsync' };

/** It was carried out, and not confirmed in time: it may be lost with the primary, or not. */
export class UnconfirmedError extends Error {}

/** Resolves once everything that was written before is confirmed. @throws UnconfirmedError; errors of Redis */
export type ConfirmWrites = () => Promise<void>;

/** A replica answers in its round trip; a disk that is synced every second takes up to one, and longer when it is busy. */
const CONFIRM_WITHIN_MS = { replicas: 1_000, fsync: 2_000 } as const;

/** WAITAOF came with it. */
const FSYNC_SINCE = '7.2';

/**
 * Waits as the setting asks, on a connection of its own: Redis carries out nothing else on a connection that waits.
 *
 * WAIT counts what its own connection has written, so a small write goes before it; Redis has carried out in order what it
 * answered before. All that comes while one wait is under way shares the next one.
 *
 * @param redis undefined: there is nothing to wait for
 * @param probeKey on the namespace's shard
 */
export function createWriteConfirmation(
  redis: Redis | undefined,
  after: AcceptAfter,
  probeKey: string,
): ConfirmWrites {
  if (after.kind === 'exec' || redis === undefined) return async () => undefined;
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const begin = () => {
    next = undefined;
    running = waitOnce(redis, after, probeKey);
    return running;
  };
  return () => {
    next ??= running.then(begin, begin);
    return next;
  };
}

async function waitOnce(
  redis: Redis,
  after: Exclude<AcceptAfter, { kind: 'exec' }>,
  probeKey: string,
): Promise<void> {
  const [command, ...args] =
    after.kind === 'fsync'
      ? (['WAITAOF', 1, 0, CONFIRM_WITHIN_MS.fsync] as const)
      : (['WAIT', after.count, CONFIRM_WITHIN_MS.replicas] as const);
  // One pipeline, so that in a cluster both go to the node that the key is on.
  const replies = await redis.pipeline().set(probeKey, '1', 'PX', PROBE_KEPT_MS).call(command, args).exec();
  for (const [error] of replies ?? []) if (error !== null) throw error;
  const [, reply] = replies?.[1] ?? [];
  const confirmed = Number(Array.isArray(reply) ? reply[0] : reply);
  if (after.kind === 'replicas' && confirmed < after.count) {
    throw new UnconfirmedError(
      `${confirmed} of ${after.count} replicas confirmed within ${CONFIRM_WITHIN_MS.replicas} ms`,
    );
  }
  if (after.kind === 'fsync' && confirmed < 1) {
    throw new UnconfirmedError(`the disk confirmed nothing within ${CONFIRM_WITHIN_MS.fsync} ms`);
  }
}

/**
 * Whether the setting can be kept at all.
 *
 * @param version of Redis
 * @returns what an operator should know though the process can start; null: nothing
 * @throws {Error} for a Redis that cannot do it
 */
export async function checkConfirmation(
  confirm: ConfirmWrites,
  after: AcceptAfter,
  version: string,
): Promise<string | null> {
  if (after.kind === 'fsync' && isOlder(version, FSYNC_SINCE)) {
    throw new Error(
      `ACCEPT_AFTER=fsync needs Redis ${FSYNC_SINCE} or newer (WAITAOF), but this one is ${version}. Set ACCEPT_AFTER=replicas:1, or appendfsync always in Redis, which keeps what every 202 stands for`,
    );
  }
  try {
    await confirm();
    return null;
  } catch (error) {
    const reason = describeRedisError(error);
    if (after.kind === 'fsync' && /appendonly/.test(reason)) {
      throw new Error(`ACCEPT_AFTER=fsync needs "appendonly yes" in Redis: ${reason}`);
    }
    return `ACCEPT_AFTER cannot be kept now, so submissions get 503: ${reason}`;
  }
}
