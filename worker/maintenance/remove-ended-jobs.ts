import { isFinal } from '../../shared/contract/verification-status.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import { SET_ASIDE } from '../job/job-result.ts';
import type { EachEntry } from './each-entry.ts';
import { pagesOf } from './pages-of.ts';
import type { SweepDeps, SweepStep } from './sweep-deps.ts';

/** Deliveries that a job still has to bring about. */
const UNDER_WAY: ReadonlySet<string> = new Set(['pending', 'delivering', 'retrying']);

/**
 * Removes jobs that BullMQ failed although their work was done: Redis refused the job's end, and took its failure a moment
 * later. A job that was set aside stays for a look, and so does one whose record still waits for something.
 */
export function createRemoveEndedJobs(deps: SweepDeps, each: EachEntry): SweepStep {
  const { redis, keys, queue, deliveries } = deps;
  const queues = [
    { name: keys.verificationQueue, jobs: queue },
    { name: keys.deliveryQueue, jobs: deliveries },
  ].map(({ name, jobs }) => ({
    name,
    jobs,
    pages: pagesOf(redis, keys.queueKey(name, 'failed')),
  }));
  return {
    name: 'ended',
    run: async () => {
      for (const { name, jobs, pages } of queues) {
        await pages((ids) =>
          each('ended', ids, async (id) => {
            const reason = await redis.hget(keys.jobKey(name, id), 'failedReason');
            if (reason?.startsWith(SET_ASIDE) === true) return;
            if (await isDone(deps, name, id)) await jobs.remove(id);
          }),
        );
      }
      return false;
    },
  };
}

async function isDone({ redis, keys }: SweepDeps, queue: string, jobId: string): Promise<boolean> {
  // The job of a redelivery has the verification's id and a number.
  const read = await readRecord(redis, keys, jobId.replace(/-r\d+$/, ''));
  if (read.status !== 'found') return read.status === 'missing';
  const { record } = read;
  if (queue === keys.verificationQueue) return isFinal(record);
  return record.status === 'cancelled' || (isFinal(record) && !UNDER_WAY.has(record.delivery.status));
}
