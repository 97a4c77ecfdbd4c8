import { accountKeys, FIRST_ACCOUNT, type StoreKeys } from '../store/keys.ts';
import type { Redis } from '../store/redis/redis-client.ts';
import { readKnownAccounts } from './known-accounts.ts';
import { type AccountPause, pauseAccount, resumeAccount } from './limiter/pause-account.ts';

/** The accounts of a lane that a command is about. Empty: there is none of that name. */
async function selectNames(redis: Redis, keys: StoreKeys, name: string | null): Promise<readonly string[]> {
  const known = await readKnownAccounts(redis, keys);
  const names = known.length === 0 ? [FIRST_ACCOUNT] : known.map((account) => account.name);
  return name === null ? names : names.filter((each) => each === name);
}

/**
 * {@link pauseAccount} for one account, or for all of a lane.
 *
 * @param name null: all
 * @throws whatever ioredis throws
 */
export async function pauseAccounts(
  redis: Redis,
  keys: StoreKeys,
  { name, reason }: { readonly name: string | null; readonly reason: string },
): Promise<AccountPause | { readonly status: 'unknown' }> {
  const names = await selectNames(redis, keys, name);
  if (names.length === 0) return { status: 'unknown' };
  const pauses = await Promise.all(
    names.map((each) => pauseAccount(redis, accountKeys(keys.lane, each), reason)),
  );
  return { status: pauses.some(({ status }) => status === 'paused') ? 'paused' : 'already_paused' };
}

export type AccountsResumption =
  /** What was ended, each once. */
  | { readonly status: 'resumed'; readonly from: readonly string[] }
  | { readonly status: 'already_running' }
  | { readonly status: 'unknown' };

/** {@link resumeAccount} for one account, or for all of a lane. @param name null: all. @throws whatever ioredis throws */
export async function resumeAccounts(
  redis: Redis,
  keys: StoreKeys,
  name: string | null,
): Promise<AccountsResumption> {
  const names = await selectNames(redis, keys, name);
  if (names.length === 0) return { status: 'unknown' };
  const resumptions = await Promise.all(
    names.map((each) => resumeAccount(redis, accountKeys(keys.lane, each))),
  );
  const from = resumptions.flatMap((each) => (each.status === 'resumed' ? each.from : []));
  return from.length > 0 ? { status: 'resumed', from: [...new Set(from)] } : { status: 'already_running' };
}
