import { FlowProducer, Job, type JobJson, type JobProgress } from 'bullmq';
import type { StoreKeys } from '../keys.ts';
import type { Redis } from '../redis/redis-client.ts';

/**
 * Writes a flow's jobs so that Redis packs them: with no value of more than 64 bytes, a hash is one piece of memory instead of
 * thirty (`hash-max-listpack-value`, as it is by default). That is 900 bytes of every verification that waits.
 *
 * BullMQ writes the parent twice, in `opts` and in `parent`, beside `parentKey`, which says the same. It takes the id from
 * `parentKey` where `parent` has an empty one (its `moveToFinished`), and reads `parent` alone where a child fails:
 * {@link nameParent} comes first there. Nothing reads of `opts` what is left out here.
 */
export class PackedFlowProducer extends FlowProducer {
  override get Job(): typeof Job {
    return PackedJob;
  }
}

class PackedJob<Data, Result, Name extends string, Progress extends JobProgress> extends Job<
  Data,
  Result,
  Name,
  Progress
> {
  override asJSON(): JobJson {
    const { parent, ...json } = super.asJSON();
    const { jobId, attempts, parent: _, ...opts } = json.opts;
    return { ...json, opts, ...(parent === undefined ? {} : { parent: { ...parent, id: '' } }) };
  }
}

/**
 * Writes in full which job waits for this one. To be called before BullMQ fails it, so that the other is released.
 *
 * @param parentKey as the job has it; without one nothing waits for it
 */
export async function nameParent(
  redis: Redis,
  keys: StoreKeys,
  { queueName, id, parentKey }: Pick<Job, 'queueName' | 'id' | 'parentKey'>,
): Promise<void> {
  if (id === undefined || parentKey === undefined) return;
  const split = parentKey.lastIndexOf(':');
  const parent = { id: parentKey.slice(split + 1), queueKey: parentKey.slice(0, split), idof: true };
  const job = keys.jobKey(queueName, id);
  // Another worker may have ended it during an outage: nothing would ever delete what is written to it then.
  if ((await redis.exists(job)) === 0) return;
  await redis.hset(job, 'parent', JSON.stringify(parent));
}
