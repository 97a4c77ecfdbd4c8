import { readAccounts, selectServed } from '../../shared/account/account-readings.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { announceState } from '../../shared/store/notices/announce-state.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

/**
 * Looks at each account that is asked, and writes for the operators' endpoints what has changed since the last look of any worker. What
 * lasts for less than the time between two looks may be left out.
 *
 * The limiter cannot write it itself: its keys and those of the store may lie on two shards.
 */
export async function announceLane({
  redis,
  keys,
  now,
}: {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly now: () => number;
}): Promise<void> {
  const from = await readClock(redis);
  const accounts = selectServed(await readAccounts(redis, keys));
  const read = { from, to: await readClock(redis) };
  for (const { name, state } of accounts) {
    const { status, reason = null, since = null } = state;
    await announceState({ redis, keys }, { account: name, status, reason, since }, { read, now: now() });
  }
}

/** ms epoch */
async function readClock(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}
