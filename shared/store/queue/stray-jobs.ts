import type { FlowJob } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import { priority } from '../../contract/verification.ts';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import { queuePlacing } from '../shares/place.ts';
import type { AtomicFlow } from './atomic-flow.ts';
import { deliveryFlow, verificationFlow } from './verification-flow.ts';

// A record is written together with its jobs, and a job ends after its record has been written to. What breaks that
// (a script cache that was flushed, a key that was deleted by hand, a bug of ours or of BullMQ's) leaves a verification
// that nothing works on. This script finds such records, whatever the cause. A job has a place when it is in one of its
// queue's lists.
const lookScript = loadScript(new URL('../scripts/look-at-jobs.lua', import.meta.url));

const plainLook = z
  .tuple([z.enum(['queued', 'at_rest', 'missing', 'unreadable'])])
  .transform(([look]) => ({ look }) as const);

const strayLook = z
  .tuple([z.enum(['without_jobs', 'without_job']), z.string().min(1), priority, z.string()])
  .transform(([look, clientId, priority, jobId]) => ({ look, clientId, priority, jobId }) as const);

const looksText = jsonText(z.array(z.union([plainLook, strayLook]).catch({ look: 'unreadable' })));

/** What a verification waits for: its outcome, or the delivery of its event. */
export type Stage = 'verification' | 'delivery';

/**
 * What is found about a verification in one stage.
 *
 * - `at_rest`: there is nothing to do in it: the outcome is written, or the event delivered, dead, or waiting for its endpoint
 * - `missing`: there is no record of it
 * - `without_job`: no job works on it
 * - `without_jobs`: the same, and the delivery that waits for the outcome must be added with it
 */
export type JobLook = z.infer<typeof looksText>[number];

export interface LookContext {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}

/**
 * @param clear takes away what is left of a job that has no place, so that it can be added again
 * @returns one look per id, in their order
 */
export async function lookAtJobs(
  { redis, keys }: LookContext,
  { stage, clear = false }: { readonly stage: Stage; readonly clear?: boolean },
  ids: readonly string[],
): Promise<JobLook[]> {
  const prefixes = [keys.verificationQueue, keys.deliveryQueue].map((queue) => keys.queueStart(queue));
  const reply = await lookScript(redis, prefixes, [keys.tag, stage, clear ? '1' : '0', ...ids]);
  return looksText.parse(reply);
}

/** Whether no job works on it although it waits for one. */
export function isStray(look: JobLook | undefined): boolean {
  return look?.look === 'without_job' || look?.look === 'without_jobs';
}

/**
 * Adds the jobs of a verification again that it waits for, if they are missing. A worker reads the record first, so one
 * that was answered or delivered just now is not asked about, and its event not sent, again.
 *
 * @returns whether something was missing
 */
export async function requeueStray(
  { redis, keys, flow }: LookContext & { readonly flow: Pick<AtomicFlow, 'add'> },
  stage: Stage,
  id: string,
): Promise<boolean> {
  const [found] = await lookAtJobs({ redis, keys }, { stage, clear: true }, [id]);
  if (found?.look !== 'without_jobs' && found?.look !== 'without_job') return false;
  const { clientId, priority, jobId } = found;
  const added =
    stage === 'delivery'
      ? deliveryFlow(keys, jobId, { id, clientId })
      : flowOf(found.look, verificationFlow(keys, { id, clientId }, priority));
  await flow.add(added, (transaction) => {
    if (stage === 'verification') queuePlacing(transaction, keys, id);
  });
  return true;
}

function flowOf(look: 'without_jobs' | 'without_job', whole: FlowJob): FlowJob {
  const [verification] = whole.children ?? [];
  return look === 'without_jobs' ? whole : (verification ?? whole);
}
