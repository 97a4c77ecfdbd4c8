import type { JobData } from '../../shared/store/queue/job-data.ts';
import { processingAttributes } from '../../shared/tracing/span-attributes.ts';
import type { Tracing } from '../../shared/tracing/tracing.ts';
import type { JobResult, JobRun } from './job-result.ts';

export interface TracedJob {
  readonly tracing: Tracing;
  readonly queue: string;
  readonly run: Pick<JobRun, 'traceParent'>;
}

/**
 * Runs what a job is for in a span. Not around all of the job: one whose start is fruitless, in front of a closed account or of
 * an endpoint that needs a rest, leaves none.
 */
export function traceJob(
  { tracing, queue, run }: TracedJob,
  { id, clientId }: JobData,
  work: () => Promise<JobResult>,
): Promise<JobResult> {
  const attributes = () => ({
    ...processingAttributes(queue),
    'veriqueue.verification.id': id,
    'veriqueue.client.id': clientId,
  });
  return tracing.run(`process ${queue}`, { kind: 'consumer', parent: run.traceParent, attributes }, work);
}
