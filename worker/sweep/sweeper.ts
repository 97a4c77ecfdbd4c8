import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { LaneKeys } from '../../shared/keys.ts';
import { forgetVerification } from '../../shared/record/forget.ts';
import { readRecord } from '../../shared/record/read.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { Settle } from '../verification/settle-outcome.ts';

export interface SweepDeps {
  readonly redis: Redis;
  readonly keys: LaneKeys;
  /** The lane's verification queue. */
  readonly queue: Pick<Queue, 'remove' | 'getJobState'>;
  readonly settle: Settle;
  readonly subjectTtlMs: number;
  readonly log: Logger;
  readonly now: () => number;
}

export interface Swept {
  /** Subjects that waited longer than SUBJECT_TTL: shredded, and their verifications failed. */
  readonly expired: number;
  /** Records whose retention is over. */
  readonly forgotten: number;
}

/** Done at a time, so that a sweep never holds Redis or this process up. */
const BATCH = 200;

/**
 * Does what time demands: answers verifications whose subject may not be kept any longer, and forgets records whose
 * retention is over. Several workers sweeping at once do no harm, because every step is decided within Redis.
 */
export async function sweep(deps: SweepDeps): Promise<Swept> {
  const expired = await expireSubjects(deps);
  const forgotten = await forgetOld(deps);
  if (expired + forgotten > 0) deps.log.info({ event: 'swept', expired, forgotten }, 'swept');
  return { expired, forgotten };
}

async function expireSubjects({ redis, keys, queue, settle, subjectTtlMs, now }: SweepDeps): Promise<number> {
  const due = await redis.zrange(
    keys.laneIndex(),
    '-inf',
    String(now() - subjectTtlMs),
    'BYSCORE',
    'LIMIT',
    0,
    BATCH,
  );
  for (const id of due) {
    const read = await readRecord(redis, keys, id);
    if (read.status === 'found' && read.record.outcome === null)
      await settle(read.record, { code: 'Veriqueue.SubjectExpired', attempt: null });
    const left = await leaveQueue(queue, id);
    // Settling took it off the index. Back on it, the next sweep sees to the job that could not be taken away.
    if (left) await redis.zrem(keys.laneIndex(), id);
    else if (read.status === 'found') await redis.zadd(keys.laneIndex(), read.record.submittedAt, id);
  }
  return due.length;
}

/**
 * Takes a verification's job away, which releases the delivery that waits for it.
 *
 * @returns false while the job is being worked on. It may find the outcome and end by itself; but workers look at jobs of
 *   a closed lane in passing, and one that was looked at in this very moment would wait, answered, until the lane opens
 */
async function leaveQueue(queue: SweepDeps['queue'], id: string): Promise<boolean> {
  if ((await queue.remove(id)) === 1) return true;
  return (await queue.getJobState(id)) === 'unknown';
}

async function forgetOld({ redis, keys, now }: SweepDeps): Promise<number> {
  const due = await redis.zrange(keys.retention(), '-inf', String(now()), 'BYSCORE', 'LIMIT', 0, BATCH);
  for (const id of due) await forgetVerification(redis, keys, { id, clientId: null });
  return due.length;
}

export interface Sweeping {
  stop(): Promise<void>;
}

/** Sweeps every so often; at once again when there was more than one batch to do. */
export function startSweeping(
  deps: SweepDeps & { readonly metrics: Pick<WorkerMetrics, 'swept' | 'sweepErrors' | 'lastSweep'> },
  everyMs: number,
): Sweeping {
  const { metrics } = deps;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const note = (swept: Swept) => {
    metrics.swept.inc({ what: 'expired' }, swept.expired);
    metrics.swept.inc({ what: 'forgotten' }, swept.forgotten);
    metrics.lastSweep.set(deps.now() / 1000);
    return swept;
  };
  const run = async () => {
    const swept = await sweep(deps).then(note, (error: unknown) => {
      metrics.sweepErrors.inc();
      deps.log.warn({ event: 'sweep_failed', err: error }, 'a sweep failed');
      return { expired: 0, forgotten: 0 };
    });
    if (stopped) return;
    const more = swept.expired >= BATCH || swept.forgotten >= BATCH;
    timer = setTimeout(next, more ? 0 : everyMs).unref();
  };
  const next = () => {
    running = run();
  };
  timer = setTimeout(next, everyMs).unref();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
