import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type AccountKeys, FIRST_ACCOUNT } from '../../store/keys.ts';
import { classifyRedisError, describeRedisError } from '../../store/redis/failure.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import {
  type AccountUpstream,
  describeUpstream,
  joinAccount,
  leaveAccount,
  PRESENCE_INTERVAL_MS,
} from './account-upstream.ts';

export interface AccountMembership {
  /** The worker is not counted as present any more. Never rejects. */
  leave(): Promise<void>;
}

export interface MembershipDeps {
  readonly redis: Redis;
  readonly keys: AccountKeys;
  readonly workerId: string;
  readonly upstream: AccountUpstream;
  readonly log: Logger;
  /** Aborting it ends the wait for a Redis that takes no writes. */
  readonly signal: AbortSignal;
  /** The lane has been given to another upstream while this worker was away: it must ask nothing more. */
  readonly onLost: () => void;
}

/** How often a Redis that takes no writes is asked again. */
const AGAIN_MS = 1_000;

/**
 * Takes a worker into its lane, and keeps renewing its presence.
 *
 * @throws Error when the lane asks another upstream or another account, saying which and what to do
 */
export async function enterAccount(deps: MembershipDeps): Promise<AccountMembership> {
  const { redis, keys, workerId, upstream, log } = deps;
  await enterPatiently(deps);
  let left = false;
  const renew = async () => {
    const joining = await joinAccount(redis, keys, { upstream, workerId, renewing: true });
    if (joining.status === 'joined' || left) return;
    clearInterval(timer);
    log.fatal(
      {
        event: 'lane_upstream_changed',
        lane: keys.lane,
        account: keys.account,
        endpoint: joining.lane.endpoint,
      },
      'the account asks another upstream now: this worker asks nothing more on it',
    );
    deps.onLost();
  };
  const timer = setInterval(() => {
    // A Redis that is away is reported by its connection; the worker is then not seen, and claims nothing either.
    renew().catch((error: unknown) => log.debug({ event: 'presence', reason: describeRedisError(error) }));
  }, PRESENCE_INTERVAL_MS);
  timer.unref();
  return {
    leave: async () => {
      left = true;
      clearInterval(timer);
      await leaveAccount(redis, keys, workerId).catch((error: unknown) =>
        log.debug({ event: 'presence', reason: describeRedisError(error) }),
      );
    },
  };
}

/** A full Redis, or one that is still a replica, is waited for: everything else of this worker waits for it too. */
async function enterPatiently({
  redis,
  keys,
  workerId,
  upstream,
  log,
  signal,
}: MembershipDeps): Promise<void> {
  for (let warned = false; ; ) {
    try {
      const joining = await joinAccount(redis, keys, { upstream, workerId, renewing: false });
      if (joining.status === 'differs') throw new Error(explainDifference(keys, joining.lane, upstream));
      return;
    } catch (error) {
      if (classifyRedisError(error) === undefined) throw error;
      const reason = describeRedisError(error);
      if (!warned)
        log.warn({ event: 'lane_not_entered', reason }, 'cannot enter the lane yet: waiting for Redis');
      warned = true;
    }
    await sleep(AGAIN_MS, undefined, { signal });
  }
}

function explainDifference(
  { lane, account }: AccountKeys,
  known: AccountUpstream,
  own: AccountUpstream,
): string {
  if (account !== FIRST_ACCOUNT) {
    return [
      `Account ${account} of lane ${lane} asks ${describeUpstream(known)}, but this worker would ask ${describeUpstream(own)}.`,
      'Give it the endpoint that it asks, or another name, in ACCOUNTS_FILE;',
      `to move it on purpose, stop all its workers and run: veriqueue lane upstream --reset --account ${account}`,
    ].join(' ');
  }
  return [
    `Lane ${lane} asks ${describeUpstream(known)}, but this worker would ask ${describeUpstream(own)}.`,
    'Set FACEID_ENDPOINT, LIVEMODE and UPSTREAM_ACCOUNT to what the lane asks, or LANE to a lane of its own;',
    'to move the lane on purpose, stop all its workers and run: veriqueue lane upstream --reset',
  ].join(' ');
}
