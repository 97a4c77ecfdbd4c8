import type { AccountPool } from '../../shared/account/account-pool.ts';
import { announceAccounts } from '../../shared/account/known-accounts.ts';
import { type AccountMembership, enterAccount } from '../../shared/account/limiter/account-membership.ts';
import { PRESENCE_INTERVAL_MS } from '../../shared/account/limiter/account-upstream.ts';
import type { Logger } from '../../shared/log.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { isTestLane } from '../../shared/store/test-lane.ts';
import type { WorkerAccount } from './open-account.ts';

interface EntranceDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly now: () => number;
  readonly workerId: string;
  readonly accounts: AccountPool<WorkerAccount>;
  readonly log: Logger;
}

/**
 * Takes a worker into all its accounts, and keeps renewing its presence. An account that is given to another upstream meanwhile
 * is asked no more; without one that is left, the worker has nothing to ask.
 *
 * @throws Error when an account asks another upstream, by its name
 */
export async function enterAccounts(
  deps: EntranceDeps,
  { signal, onLost }: { readonly signal: AbortSignal; readonly onLost: () => void },
): Promise<AccountMembership> {
  const { redis, workerId, accounts, log } = deps;
  await refuseTestLane(deps);
  const entered: AccountMembership[] = [];
  let stopAnnouncing = () => {};
  const leave = async () => {
    stopAnnouncing();
    await Promise.all(entered.map((membership) => membership.leave()));
  };
  try {
    for (const account of accounts.accounts) {
      const { keys, asks: upstream } = account;
      const drop = () => {
        if (accounts.drop(account) === 0) onLost();
      };
      entered.push(await enterAccount({ redis, keys, workerId, upstream, log, signal, onLost: drop }));
      await account.limiter.join();
    }
  } catch (error) {
    await leave();
    throw error;
  }
  stopAnnouncing = await startAnnouncing(deps);
  return { leave };
}

/** @throws Error for a worker that would ask the real service about what test keys submitted */
async function refuseTestLane({ redis, keys, accounts }: EntranceDeps): Promise<void> {
  const live = accounts.accounts.find(({ asks }) => asks.livemode);
  if (live === undefined || !(await isTestLane(redis, keys))) return;
  throw new Error(
    `The lane ${keys.lane} is for test keys, and ${live.asks.endpoint} is the real service. Give this worker another LANE, or the sandbox`,
  );
}

/** Producers, the console and the command line learn from it which accounts there are: they have no file. */
async function startAnnouncing(deps: EntranceDeps): Promise<() => void> {
  const announce = () =>
    announceOnce(deps).catch((error: unknown) =>
      deps.log.debug({ event: 'accounts_not_announced', reason: describeRedisError(error) }),
    );
  await announce();
  const timer = setInterval(announce, PRESENCE_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}

async function announceOnce({ redis, keys, accounts, now }: EntranceDeps): Promise<void> {
  const known = accounts.accounts.map((account) => ({
    name: account.name,
    quotaPerSecond: account.quotaPerSecond,
    weight: account.weight,
    clients: account.clients === null ? null : [...account.clients],
    endpoint: account.asks.endpoint,
    region: account.region,
    livemode: account.asks.livemode,
    announcedAt: now(),
  }));
  const isFromFile = accounts.accounts.some(({ shownAs }) => shownAs !== null);
  await announceAccounts(redis, keys, known, isFromFile);
}
