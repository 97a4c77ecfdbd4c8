import { isStray, type JobLook, lookAtJobs, requeueStray } from '../../shared/store/queue/stray-jobs.ts';
import type { EachEntry } from './each-entry.ts';
import { LOOKED_AT, pagesOf } from './pages-of.ts';
import type { SweepDeps, SweepStep } from './sweep-deps.ts';

/** Gives verifications without an outcome that no job works on their jobs back. */
export function createRequeueUnanswered(deps: SweepDeps, each: EachEntry): SweepStep {
  const { redis, keys } = deps;
  const pages = pagesOf(redis, keys.unfinishedIndex());
  return {
    name: 'unanswered',
    run: () =>
      pages(async (ids) => {
        const looks = await lookAtJobs({ redis, keys }, { stage: 'verification' }, ids);
        const stray = ids.filter((_, i) => isStray(looks[i]));
        await each('unanswered', stray, async (id) => {
          if (await requeueStray(deps, 'verification', id)) noteRequeued(deps, 'verification', id);
        });
      }),
  };
}

const ENDED: ReadonlySet<JobLook['look'] | undefined> = new Set(['at_rest', 'missing']);

/** The same for events that are on their way by their record. Forgets those that have arrived, and asks for more at once. */
export function createRequeueUndelivered(deps: SweepDeps, each: EachEntry): SweepStep {
  const { redis, keys } = deps;
  const index = keys.undeliveredIndex();
  const pages = pagesOf(redis, index);
  return {
    name: 'undelivered',
    run: async () => {
      let restingInAll = 0;
      await pages(async (ids) => {
        const looks = await lookAtJobs({ redis, keys }, { stage: 'delivery' }, ids);
        const resting = ids.filter((_, i) => ENDED.has(looks[i]?.look));
        restingInAll += resting.length;
        if (resting.length > 0) await redis.zrem(index, ...resting);
        const stray = ids.filter((_, i) => isStray(looks[i]));
        await each('undelivered', stray, async (id) => {
          if (await requeueStray(deps, 'delivery', id)) noteRequeued(deps, 'delivery', id);
        });
      });
      return restingInAll === LOOKED_AT;
    },
  };
}

/** Removes deliveries that wait for a verification of which there is no record: half of a submission that failed. */
export function createRemoveOrphans(deps: SweepDeps, each: EachEntry): SweepStep {
  const { redis, keys, deliveries } = deps;
  const waiting = keys.queueKey(keys.deliveryQueue, 'waitingChildren');
  const pages = pagesOf(redis, waiting);
  return {
    name: 'orphans',
    run: () =>
      pages(async (ids) => {
        const looks = await lookAtJobs({ redis, keys }, { stage: 'verification' }, ids);
        const orphans = ids.filter((_, i) => looks[i]?.look === 'missing');
        await each('orphans', orphans, async (id) => {
          if ((await deliveries.remove(id, { removeChildren: true })) === 1) noteRequeued(deps, 'orphan', id);
        });
      }),
  };
}

function noteRequeued({ log, metrics }: SweepDeps, what: 'verification' | 'delivery' | 'orphan', id: string) {
  metrics.requeued.inc({ what });
  if (what === 'orphan') log.warn({ event: 'job_removed', verification: id }, 'a job had no record');
  else log.warn({ event: 'job_requeued', verification: id, what, why: 'swept' }, 'a record had no job');
}
