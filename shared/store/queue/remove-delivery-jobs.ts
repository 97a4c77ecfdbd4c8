import type { VerificationStore } from '../verifications/verification-store.ts';
import { openJobQueue } from './job-queue.ts';

/** Takes jobs of deliveries out of their queue, with their children, over a queue that is opened for it. @throws errors of Redis */
export async function removeDeliveryJobs(
  { redis, keys }: VerificationStore,
  jobs: readonly string[],
): Promise<void> {
  if (jobs.length === 0) return;
  const queue = openJobQueue(redis, keys, keys.deliveryQueue, { onError: () => undefined });
  try {
    for (const job of jobs) await queue.remove(job, { removeChildren: true });
  } finally {
    await queue.close();
  }
}
