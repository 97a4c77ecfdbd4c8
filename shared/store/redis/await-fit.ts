import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { within } from '../../within.ts';
import { classifyRedisError, describeRedisError } from './failure.ts';
import { readFitness } from './fitness.ts';
import type { RedisLog } from './redis-log.ts';
import { type RedisRole, redisRoles } from './redis-roles.ts';
import { WrongCredentialsError, waitUntilReady } from './wait-until-ready.ts';

export interface FitWait {
  /** Of the connections: it says how long Redis may be out of reach. One that is reached and not fit yet is waited for. */
  readonly role: RedisRole;
  /** A small write: whether Redis takes any. */
  readonly probe: (client: Redis) => Promise<unknown>;
  /** Aborting ends the wait. */
  readonly signal: AbortSignal;
  /** What it waits for, whenever that changes. */
  readonly onWait: (reason: string) => void;
  readonly log: RedisLog;
}

const LOOK_AGAIN_MS = 500;

/** Of a Redis that stays a replica, connections are renewed every five seconds, not at each look. */
const LOOKS_FOR_EACH_SEARCH = 10;
/** A connection that looks for the new primary is another one by then, or Redis is out of reach. */
const CONNECTED_AGAIN_WITHIN_MS = 2_000;
/** Where packets vanish, no answer comes, and a role without a time for each command would wait without end. */
const PROBED_WITHIN_MS = 2_000;

type Look =
  | { readonly kind: 'fit'; readonly version: string; readonly warnings: readonly string[] }
  | { readonly kind: 'waiting'; readonly reason: string };

/**
 * Resolves once verifications may be entrusted to this Redis: it is the master, has loaded its data, and takes writes.
 * A process that ended instead would be started again and again, by something that knows nothing of the cause.
 *
 * @param clients all that must be connected; the first is asked, and each writes
 * @returns the version of Redis
 * @throws {Error} with every reason that does not pass by itself: out of reach, too old, an evicting policy, no permission
 * @throws the signal's reason
 */
export async function awaitRedisFit(clients: readonly [Redis, ...Redis[]], wait: FitWait): Promise<string> {
  const waitFor = logEachOnce(wait);
  await Promise.all(clients.map((client) => awaitReached(client, wait, waitFor)));
  for (let looks = 0; ; looks += 1) {
    const searches = looks % LOOKS_FOR_EACH_SEARCH === 0;
    const look = await unlessAborted(wait.signal, () => lookAt(clients, { ...wait, searches }));
    if (look.kind === 'fit') {
      for (const warning of look.warnings) wait.log.warn({ event: 'redis_warning' }, warning);
      return look.version;
    }
    waitFor(look.reason);
    await sleep(LOOK_AGAIN_MS, undefined, { signal: wait.signal });
  }
}

function logEachOnce({ log, onWait }: FitWait): (reason: string) => void {
  const logged = new Set<string>();
  return (reason) => {
    onWait(reason);
    if (logged.has(reason)) return;
    logged.add(reason);
    log.warn({ event: 'redis_awaited', reason }, 'waiting for a Redis that can be used');
  };
}

async function awaitReached(
  client: Redis,
  { role, signal }: FitWait,
  waitFor: (reason: string) => void,
): Promise<void> {
  for (;;) {
    try {
      return await waitUntilReady(client, redisRoles[role].readyWithinMs, signal);
    } catch (error) {
      // Connected, and not ready: ioredis asks again until a Redis has loaded its data.
      if (signal.aborted || error instanceof WrongCredentialsError || client.status !== 'connect')
        throw error;
      waitFor('it is loading its data, or does not answer');
    }
  }
}

/** @throws the signal's reason as soon as it aborts; what was begun goes on until its connections are closed */
async function unlessAborted<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const ended = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { signal: ended.signal });
  });
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    ended.abort();
  }
}

async function lookAt(
  clients: readonly [Redis, ...Redis[]],
  wait: FitWait & { readonly searches: boolean },
): Promise<Look> {
  try {
    const fitness = await readFitness(clients[0]);
    if (fitness.kind === 'unfit') {
      throw new Error(`This Redis does not fit: ${fitness.reasons.join('; ')}`);
    }
    if (fitness.kind === 'not_yet') {
      if (wait.searches) await lookForPrimary(clients, wait);
      return { kind: 'waiting', reason: fitness.reason };
    }
    await Promise.all(clients.map((client) => probeInTime(client, wait)));
    return fitness;
  } catch (error) {
    if (classifyRedisError(error) === undefined) throw error;
    return { kind: 'waiting', reason: describeRedisError(error) };
  }
}

/**
 * A connection from before a failover stays with what was the primary, for as long as nothing is written on it: a refused write makes
 * it look for the new one. What else comes of this, the next look at Redis says.
 */
async function lookForPrimary(clients: readonly Redis[], wait: FitWait): Promise<void> {
  const { signal } = wait;
  await Promise.allSettled(clients.map((client) => probeInTime(client, wait)));
  await Promise.allSettled(
    clients.map((client) => waitUntilReady(client, CONNECTED_AGAIN_WITHIN_MS, signal)),
  );
}

/** @throws {Error} a failure of the kind `gone` when no answer comes; the connection is renewed then */
async function probeInTime(client: Redis, { probe }: FitWait): Promise<void> {
  if ((await within(PROBED_WITHIN_MS, probe(client))) !== 'expired') return;
  if (client.status === 'ready') client.disconnect(true);
  throw new Error('Command timed out');
}
