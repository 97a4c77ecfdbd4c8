import { z } from 'zod';
import type { AccountKeys } from '../../store/keys.ts';
import type { Redis } from '../../store/redis/redis-client.ts';
import { loadScript } from '../../store/redis/script.ts';

/**
 * What a lane asks, and on whose account. The first worker writes it down, and a worker that would ask another upstream is
 * refused: two upstreams behind one lane would give one person two answers, and one quota would pace two accounts.
 */
export interface AccountUpstream {
  /** Scheme, host, port and path. */
  readonly endpoint: string;
  /** True for the real upstream: its answers are about real people, and billed. */
  readonly livemode: boolean;
  /**
   * What an operator calls the account; empty when it has no name yet. Not the SecretId: credentials of one account are
   * rotated, and a lane must not stop for that.
   */
  readonly account: string;
}

export type Joining =
  | { readonly status: 'joined' }
  /** The lane asks another upstream. */
  | { readonly status: 'differs'; readonly lane: AccountUpstream };

/** A worker that has not said so for this long is gone. */
const PRESENT_MS = 20_000;
/** How often a worker renews its presence. */
export const PRESENCE_INTERVAL_MS = 5_000;

const joinScript = loadScript(new URL('join-account.lua', import.meta.url));

const resetScript = loadScript(new URL('reset-account-upstream.lua', import.meta.url));

const countScript = loadScript(new URL('count-workers.lua', import.meta.url));

const storedUpstream = z.tuple([z.string(), z.enum(['0', '1']), z.string()]);

/** Writes the upstream down if the lane has none, and the worker's presence if they agree; in one step. */
export async function joinAccount(
  redis: Redis,
  keys: AccountKeys,
  { upstream, workerId, renewing }: { upstream: AccountUpstream; workerId: string; renewing: boolean },
): Promise<Joining> {
  const { endpoint, livemode, account } = upstream;
  const reply = await joinScript(
    redis,
    [keys.upstream(), keys.workers()],
    [endpoint, livemode ? '1' : '0', account, workerId, renewing ? '1' : '0', PRESENT_MS],
  );
  const [status, ...stored] = z.array(z.string()).parse(reply);
  return status === 'joined'
    ? { status }
    : { status: 'differs', lane: toUpstream(storedUpstream.parse(stored)) };
}

/** A worker that stops in order is gone at once. */
export async function leaveAccount(redis: Redis, keys: AccountKeys, workerId: string): Promise<void> {
  await redis.zrem(keys.workers(), workerId);
}

/** Workers that use the account now. */
export async function countPresentWorkers(redis: Redis, keys: AccountKeys): Promise<number> {
  return Number(await countScript(redis, [keys.workers()], []));
}

/** Null until a worker has joined. */
export async function readAccountUpstream(redis: Redis, keys: AccountKeys): Promise<AccountUpstream | null> {
  const stored = await redis.hmget(keys.upstream(), 'endpoint', 'livemode', 'account');
  const parsed = storedUpstream.safeParse(stored);
  return parsed.success ? toUpstream(parsed.data) : null;
}

/**
 * Lets the lane forget its upstream, so that the next worker decides. Refused while workers are there: they would go on
 * asking the one that was forgotten.
 */
export async function resetAccountUpstream(
  redis: Redis,
  keys: AccountKeys,
): Promise<{ readonly status: 'reset' } | { readonly status: 'in_use'; readonly workers: number }> {
  const workers = Number(await resetScript(redis, [keys.upstream(), keys.workers()], []));
  return workers === 0 ? { status: 'reset' } : { status: 'in_use', workers };
}

/** `https://faceid.intl.tencentcloudapi.com (live)`, with the account if it has a name. */
export function describeUpstream({ endpoint, livemode, account }: AccountUpstream): string {
  return `${endpoint} (${livemode ? 'live' : 'sandbox'}${account === '' ? '' : `, account ${account}`})`;
}

function toUpstream([endpoint, livemode, account]: z.infer<typeof storedUpstream>): AccountUpstream {
  return { endpoint, livemode: livemode === '1', account };
}
