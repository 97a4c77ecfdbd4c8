import type { LaneAccount, LaneOverview } from '../contract/lane.ts';
import { priorityScores, type QueuePart, type StoreKeys } from '../store/keys.ts';
import { ASIDE_PRIORITY, queuePriority } from '../store/queue/verification-flow.ts';
import type { Redis } from '../store/redis/redis-client.ts';
import { readBulkShare } from '../store/verifications/promise-settings.ts';
import { type AccountReading, quotaOf, readAccounts, selectServed } from './account-readings.ts';
import { computeWaitSeconds, type LaneSpeed } from './estimate.ts';
import type { LimiterState } from './limiter/limiter-state.ts';

export function speedOf(lane: LaneOverview): LaneSpeed {
  return { moving: lane.status === 'running', perSecond: lane.quota.effectivePerSecond };
}

/** The lane, and what promises of a time depend on besides. */
export interface LaneReading {
  readonly overview: LaneOverview;
  readonly accounts: readonly AccountReading[];
  /** Of the quota, what bulk verifications keep; null until a worker has started. */
  readonly bulkShare: number | null;
}

/** {@link readLane} without what promises depend on. */
export async function readLaneOverview(
  redis: Redis,
  keys: StoreKeys,
  quotaPerSecond: number,
): Promise<LaneOverview> {
  return (await readLane(redis, keys, quotaPerSecond)).overview;
}

/**
 * With one account all commands leave in one tick on one connection: one round trip.
 *
 * @param quotaPerSecond for a lane that has none yet; 0 shows that it is unknown
 */
export async function readLane(redis: Redis, keys: StoreKeys, quotaPerSecond: number): Promise<LaneReading> {
  const [accounts, counts, bulkShare] = await Promise.all([
    readAccounts(redis, keys),
    readCounts(redis, keys),
    readBulkShare(redis, keys),
  ]);
  return { overview: presentLane(keys.lane, accounts, quotaPerSecond, counts), accounts, bulkShare };
}

interface Counts {
  readonly interactive: number;
  readonly bulk: number;
  readonly retrying: number;
  readonly verifying: number;
  readonly photosStored: { readonly now: number; readonly peak: number };
}

async function readCounts(redis: Redis, keys: StoreKeys): Promise<Counts> {
  const key = (part: QueuePart) => keys.queueKey(keys.verificationQueue, part);
  const countPriority = (priority: number) => {
    const { first, last } = priorityScores(priority);
    return redis.zcount(key('prioritized'), first, last);
  };
  const { interactive, bulk } = queuePriority;
  const [counts, [photos, peak]] = await Promise.all([
    Promise.all([
      countPriority(interactive.retry),
      countPriority(interactive.fresh),
      countPriority(bulk.retry),
      countPriority(bulk.fresh),
      countPriority(ASIDE_PRIORITY),
      redis.llen(key('wait')),
      redis.zcard(key('delayed')),
      redis.llen(key('active')),
    ]),
    redis.hmget(keys.photosStored(), 'now', 'peak'),
  ]);
  const [interactiveRetries, interactiveFresh, bulkRetries, bulkFresh, aside, wait, delayed, active] = counts;
  return {
    // Jobs in `wait` have been taken out of the priorities' order already and stand before everybody.
    interactive: interactiveRetries + interactiveFresh + wait,
    bulk: bulkRetries + bulkFresh,
    retrying: delayed + aside,
    verifying: active,
    photosStored: { now: Number(photos ?? 0), peak: Number(peak ?? 0) },
  };
}

function presentLane(
  lane: string,
  accounts: readonly AccountReading[],
  quotaPerSecond: number,
  counts: Counts,
): LaneOverview {
  const { interactive, bulk, retrying, verifying, photosStored } = counts;
  const served = selectServed(accounts);
  const quotas = served.map((account) => presentQuota(account, quotaPerSecond));
  const running = quotas.filter((_, i) => served[i]?.state.status === 'running');
  const sum = (parts: readonly LaneOverview['quota'][], part: keyof LaneOverview['quota']) =>
    parts.reduce((total, quota) => total + quota[part], 0);
  const status = summarizeStates(served.map(({ state }) => state));
  // While none runs, what they give when they do.
  const effectivePerSecond = sum(running.length > 0 ? running : quotas, 'effectivePerSecond');
  const speed = { moving: status.status === 'running', perSecond: effectivePerSecond };
  const isNamed = accounts.some(({ known }) => known !== null);
  return {
    lane,
    livemode: served[0]?.upstream?.livemode ?? served[0]?.known?.livemode ?? null,
    ...presentStatus(status),
    backlog: { interactive, bulk, retrying, verifying, total: interactive + bulk + retrying + verifying },
    quota: {
      perSecond: sum(quotas, 'perSecond'),
      effectivePerSecond,
      inUse: sum(quotas, 'inUse'),
      marginMs: Math.max(...quotas.map(({ marginMs }) => marginMs)),
    },
    estimatedWaitSeconds: computeWaitSeconds(interactive + 1, speed),
    photosStored,
    ...(isNamed ? { accounts: accounts.map((account) => presentAccount(account)) } : {}),
  };
}

type Status = Pick<LimiterState, 'status' | 'reason' | 'since' | 'resumesAt'>;

/** The lane runs while one of its accounts does. Otherwise it is what the one is that may open first. */
export function summarizeStates(states: readonly Status[]): Status {
  const opensAt = ({ status, resumesAt }: Status) =>
    status === 'running' ? 0 : (resumesAt ?? Number.POSITIVE_INFINITY);
  const [first] = states.toSorted((a, b) => opensAt(a) - opensAt(b));
  return first ?? { status: 'running' };
}

function presentStatus({ status, reason, since, resumesAt }: Status) {
  return { status, reason: reason ?? null, since: instant(since), resumesAt: instant(resumesAt) };
}

function presentQuota(account: AccountReading, quotaPerSecond: number): LaneOverview['quota'] {
  const { state } = account;
  const perSecond = quotaOf(account) || quotaPerSecond;
  return {
    perSecond,
    effectivePerSecond: state.effectiveRate > 0 ? state.effectiveRate : perSecond,
    inUse: state.grantedLastSecond,
    marginMs: state.marginMs,
  };
}

export function presentAccount(account: AccountReading): LaneAccount {
  return {
    name: account.name,
    ...presentStatus(account.state),
    workers: account.workers,
    quota: presentQuota(account, 0),
  };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
