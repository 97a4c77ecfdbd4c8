import type { Logger } from 'pino';
import { priorityScores, type StoreKeys } from '../../shared/store/keys.ts';
import type { JobQueue } from '../../shared/store/queue/job-queue.ts';
import { queuePriority } from '../../shared/store/queue/verification-flow.ts';
import { logPassedBy } from '../../shared/store/redis/log-passed-by.ts';
import { passBy, type ReportPassedBy } from '../../shared/store/redis/pass-by.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { bringBackAside } from './standing-aside.ts';

export interface ShareDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  /** The lane's verification queue. */
  readonly queue: JobQueue;
  readonly quotaPerSecond: number;
  /** Of the quota, 0 to 1. */
  readonly share: number;
  readonly report: ReportPassedBy;
}

const SHORTEST_TURN_MS = 500;
const LONGEST_TURN_MS = 1000;
/** Jobs without sense at the head of the line; they stay there, and each turn meets them. */
const PASSED_BY_AT_MOST = 100;

/** How many bulk verifications are let ahead, and how often: whole ones, and no more often than twice a second. */
export function computeShareTurn(quotaPerSecond: number, share: number): { everyMs: number; count: number } {
  const perSecond = quotaPerSecond * share;
  if (perSecond <= 0) return { everyMs: Number.POSITIVE_INFINITY, count: 0 };
  const everyMs = Math.max(SHORTEST_TURN_MS, Math.round(1000 / perSecond));
  return { everyMs, count: Math.max(1, Math.round((perSecond * everyMs) / 1000)) };
}

/**
 * Interactive verifications go before bulk ones, which without this would never get a turn behind a steady stream: while
 * both wait, the oldest bulk ones are let ahead, as many as their share of the quota. One worker of the lane does a turn.
 *
 * @returns how many were let ahead
 */
export async function letBulkAhead(deps: ShareDeps): Promise<number> {
  const { redis, keys } = deps;
  const { everyMs, count } = computeShareTurn(deps.quotaPerSecond, deps.share);
  if (count === 0) return 0;
  const ours = await redis.set(keys.bulkShareTurn(), '1', 'PX', Math.max(1, everyMs - 50), 'NX');
  if (ours === null) return 0;
  const prioritized = keys.queueKey(keys.verificationQueue, 'prioritized');
  const bulkScores = priorityScores(queuePriority.bulk.retry, queuePriority.bulk.fresh);
  const [interactive, candidates] = await Promise.all([
    redis.zcount(prioritized, '-inf', `(${bulkScores.first}`),
    redis.zrange(
      prioritized,
      String(bulkScores.first),
      String(bulkScores.last),
      'BYSCORE',
      'LIMIT',
      0,
      count + PASSED_BY_AT_MOST,
    ),
  ]);
  if (interactive === 0) return 0;
  let ahead = 0;
  for (let looked = 0; ahead < count && looked < candidates.length; ) {
    const next = candidates.slice(looked, looked + count - ahead);
    looked += next.length;
    const moved = await Promise.all(next.map((id) => letAhead(deps, id)));
    ahead += moved.filter(Boolean).length;
  }
  return ahead;
}

/** @returns false for one that is gone, or cannot be read: the next one goes ahead instead of it */
async function letAhead({ queue, report }: ShareDeps, id: string): Promise<boolean> {
  const moved = await passBy(`job ${id}`, report, async () => {
    const job = await queue.getJob(id);
    if (job === undefined) return false;
    try {
      await job.changePriority({ priority: queuePriority.interactive.retry });
      return true;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('Missing key for job')) return false;
      throw error;
    }
  });
  return moved ?? false;
}

export interface Sharing {
  stop(): Promise<void>;
}

export interface SharingDeps extends Omit<ShareDeps, 'report'> {
  readonly log: Logger;
  readonly isLaneOpen: () => Promise<boolean>;
}

/**
 * Keeps the order of what waits: bulk verifications get their share, and what stood aside comes back. Nothing is moved while
 * the lane is closed, when each place in the order is a probe.
 */
export function startSharing(deps: SharingDeps): Sharing {
  const { everyMs } = computeShareTurn(deps.quotaPerSecond, deps.share);
  const report = logPassedBy(deps.log);
  let turn: Promise<unknown> = Promise.resolve();
  const timer = setInterval(
    () => {
      turn = keepOrder({ ...deps, report }).catch((error: unknown) => {
        deps.log.debug({ event: 'share_turn_failed', err: error }, 'the order of what waits stays as it is');
      });
    },
    Math.min(everyMs, LONGEST_TURN_MS),
  ).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await turn;
    },
  };
}

async function keepOrder(deps: SharingDeps & ShareDeps): Promise<void> {
  await bringBackAside(deps, deps.isLaneOpen);
  if (deps.share > 0 && (await deps.isLaneOpen())) await letBulkAhead(deps);
}
