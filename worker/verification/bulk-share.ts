import type { Logger } from 'pino';
import { type LaneKeys, priorityScores } from '../../shared/store/keys.ts';
import type { JobQueue } from '../../shared/store/queue/job-queue.ts';
import { queuePriority } from '../../shared/store/queue/verification-flow.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { bringBackAside } from './standing-aside.ts';

export interface ShareDeps {
  readonly redis: Redis;
  readonly keys: LaneKeys;
  /** The lane's verification queue. */
  readonly queue: JobQueue;
  readonly quotaPerSecond: number;
  /** Of the quota, 0 to 1. */
  readonly share: number;
  readonly log: Logger;
}

const SHORTEST_TURN_MS = 500;
const LONGEST_TURN_MS = 1000;

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
  const { redis, keys, queue } = deps;
  const { everyMs, count } = computeShareTurn(deps.quotaPerSecond, deps.share);
  if (count === 0) return 0;
  const ours = await redis.set(keys.bulkShareTurn(), '1', 'PX', Math.max(1, everyMs - 50), 'NX');
  if (ours === null) return 0;
  const prioritized = keys.jobKey(keys.verificationQueue, 'prioritized');
  const bulkScores = priorityScores(queuePriority.bulk.retry, queuePriority.bulk.fresh);
  const [interactive, bulk] = await Promise.all([
    redis.zcount(prioritized, '-inf', `(${bulkScores.first}`),
    redis.zrange(
      prioritized,
      String(bulkScores.first),
      String(bulkScores.last),
      'BYSCORE',
      'LIMIT',
      0,
      count,
    ),
  ]);
  if (interactive === 0) return 0;
  const jobs = await Promise.all(bulk.map((id) => queue.getJob(id)));
  const waiting = jobs.filter((job) => job !== undefined);
  await Promise.all(waiting.map((job) => job.changePriority({ priority: queuePriority.interactive.retry })));
  return waiting.length;
}

export interface Sharing {
  stop(): Promise<void>;
}

export interface SharingDeps extends ShareDeps {
  readonly isLaneOpen: () => Promise<boolean>;
}

/**
 * Keeps the order of what waits: bulk verifications get their share, and what stood aside comes back. Nothing is moved while
 * the lane is closed, when each place in the order is a probe.
 */
export function startSharing(deps: SharingDeps): Sharing {
  const { everyMs } = computeShareTurn(deps.quotaPerSecond, deps.share);
  let turn: Promise<unknown> = Promise.resolve();
  const timer = setInterval(
    () => {
      turn = keepOrder(deps).catch((error: unknown) => {
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

async function keepOrder(deps: SharingDeps): Promise<void> {
  await bringBackAside(deps, deps.isLaneOpen);
  if (deps.share > 0 && (await deps.isLaneOpen())) await letBulkAhead(deps);
}
