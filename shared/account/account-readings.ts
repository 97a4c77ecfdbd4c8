import { type AccountKeys, accountKeys, FIRST_ACCOUNT, type StoreKeys } from '../store/keys.ts';
import type { Redis } from '../store/redis/redis-client.ts';
import type { LostTime } from '../store/verifications/promised-time.ts';
import { selectForClient } from './account-pool.ts';
import { type KnownAccount, parseKnownAccounts, readKnownAccounts } from './known-accounts.ts';
import {
  type AccountUpstream,
  countPresentWorkers,
  readAccountUpstream,
} from './limiter/account-upstream.ts';
import {
  type LimiterArrivals,
  type LimiterState,
  readLimiterArrivals,
  readLimiterState,
} from './limiter/limiter-state.ts';

/** One account as it is now. */
export interface AccountReading {
  readonly name: string;
  /** Null for the one account of the environment. */
  readonly known: KnownAccount | null;
  readonly state: LimiterState;
  /** Workers that serve it. */
  readonly workers: number;
  /** Null until a worker has joined. */
  readonly upstream: AccountUpstream | null;
}

/**
 * Every account of a lane, by name. With one account all commands leave in one tick; what others there are has to be known
 * before they are read.
 */
export async function readAccounts(redis: Redis, keys: StoreKeys): Promise<readonly AccountReading[]> {
  const [hash, first] = await Promise.all([
    redis.hgetall(keys.accounts()),
    readAccount(redis, accountKeys(keys.lane), null),
  ]);
  const known = parseKnownAccounts(hash);
  if (known.length === 0) return [first];
  return Promise.all(
    known.map(async (account) =>
      account.name === FIRST_ACCOUNT
        ? { ...first, known: account }
        : readAccount(redis, accountKeys(keys.lane, account.name), account),
    ),
  );
}

async function readAccount(
  redis: Redis,
  keys: AccountKeys,
  known: KnownAccount | null,
): Promise<AccountReading> {
  const [state, workers, upstream] = await Promise.all([
    readLimiterState(redis, keys),
    countPresentWorkers(redis, keys),
    readAccountUpstream(redis, keys),
  ]);
  return { name: keys.account, known, state, workers, upstream };
}

/** Slots and refusals of all accounts together. @param seconds at most 600 */
export async function readArrivals(redis: Redis, keys: StoreKeys, seconds: number): Promise<LimiterArrivals> {
  const known = await readKnownAccounts(redis, keys);
  const names = known.length === 0 ? [FIRST_ACCOUNT] : known.map(({ name }) => name);
  const arrivals = await Promise.all(
    names.map((name) => readLimiterArrivals(redis, accountKeys(keys.lane, name), seconds)),
  );
  const sum = (of: (each: LimiterArrivals) => readonly number[]) =>
    Array.from({ length: seconds }, (_, i) =>
      arrivals.reduce((total, each) => total + (of(each)[i] ?? 0), 0),
    );
  return { granted: sum(({ granted }) => granted), refused: sum(({ refused }) => refused) };
}

/** Those that workers serve; all of them while no worker runs, as in a restart of all. */
export function selectServed<A extends Pick<AccountReading, 'workers'>>(
  readings: readonly A[],
): readonly A[] {
  const served = readings.filter(({ workers }) => workers > 0);
  return served.length > 0 ? served : readings;
}

/** What a promise to a client rests on: the accounts for it that are open now, and without one those that will be. */
export function selectPromised(
  readings: readonly AccountReading[],
  clientId: string,
): readonly AccountReading[] {
  const named = selectServed(readings).map((reading) => ({
    reading,
    clients: reading.known?.clients ? new Set(reading.known.clients) : null,
  }));
  const allowed = selectForClient(named, clientId).map(({ reading }) => reading);
  const open = allowed.filter(({ state }) => state.status === 'running');
  return open.length > 0 ? open : allowed;
}

/**
 * Calls a second that the upstream allows it: as its workers have announced it, otherwise by the worker that asked last; 0 when
 * none has. An account that was paused before it was ever asked has a limiter that knows no worker's quota.
 */
export function quotaOf({ state, known }: Pick<AccountReading, 'state' | 'known'>): number {
  return known?.quotaPerSecond ?? state.quotaPerSecond;
}

/**
 * For how long slots were lost over several accounts, as if they were one: half of the quota for a minute is half a minute.
 */
export function sumLostTime(states: readonly Pick<LimiterState, 'quotaPerSecond' | 'lost'>[]): LostTime {
  const [only, ...others] = states;
  if (only !== undefined && others.length === 0) return only.lost;
  const quota = states.reduce((sum, { quotaPerSecond }) => sum + quotaPerSecond, 0);
  const sumOf = (reason: keyof LostTime) =>
    quota === 0
      ? 0
      : Math.round(states.reduce((sum, state) => sum + state.quotaPerSecond * state.lost[reason], 0) / quota);
  return { paused: sumOf('paused'), held: sumOf('held'), slow: sumOf('slow'), rate: sumOf('rate') };
}

/** What a promise has lost, by the accounts that it rests on. Of one that is gone nothing more is known. */
export function lostOf(
  readings: readonly AccountReading[],
  { accounts: names = [FIRST_ACCOUNT] }: { readonly accounts?: readonly string[] | undefined },
): LostTime {
  return sumLostTime(readings.filter(({ name }) => names.includes(name)).map(({ state }) => state));
}

/**
 * What a promise has lost that rests on these accounts.
 *
 * @param names as the promise keeps them; undefined: the one account of the environment
 */
export async function readLostTime(
  redis: Redis,
  lane: string,
  names: readonly string[] = [FIRST_ACCOUNT],
): Promise<LostTime> {
  return sumLostTime(
    await Promise.all(names.map((name) => readLimiterState(redis, accountKeys(lane, name)))),
  );
}
