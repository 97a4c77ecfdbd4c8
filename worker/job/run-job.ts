import { DelayedError, type Job, RateLimitError, UnrecoverableError, WaitingError } from 'bullmq';
import type { Logger } from 'pino';
import { type JobData, jobData } from '../../shared/queue/verification-flow.ts';
import { parseTraceParent } from '../../shared/tracing/trace-parent.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { JobResult, JobRun } from './job-result.ts';

export interface JobDeps {
  readonly process: (data: JobData, run: JobRun) => Promise<JobResult>;
  /** The priority a job comes back with, where that differs. */
  readonly priorityLater?: (job: Job) => number;
  /** Keeps every worker of the queue from claiming for so long. */
  readonly pauseClaims: (forMs: number) => Promise<void>;
  readonly metrics: Pick<WorkerMetrics, 'inFlight' | 'jobErrors' | 'jobsSetAside'>;
  readonly log: Logger;
  readonly now: () => number;
}

/** After an error of ours a job comes back this much later, so many times in a row, before it is set aside. */
const ERROR_DELAY_MS = 2_000;
const ERRORS_BEFORE_SET_ASIDE = 30;

/**
 * Wraps a processor for BullMQ. This is the only place where its control-flow exceptions are thrown; everything
 * behind it returns what it means.
 *
 * @throws DelayedError, RateLimitError, WaitingError, UnrecoverableError, as BullMQ demands
 */
export function createJobRunner(
  deps: JobDeps,
): (job: Job, token: string | undefined, signal: AbortSignal) => Promise<void> {
  const errors = new ErrorCount();
  return async (job, token, signal) => {
    const inFlight = deps.metrics.inFlight.labels(job.queueName);
    inFlight.inc();
    try {
      await run(deps, errors, { job, token, signal });
    } finally {
      inFlight.dec();
    }
  };
}

async function run(
  deps: JobDeps,
  errors: ErrorCount,
  { job, token, signal }: { job: Job; token: string | undefined; signal: AbortSignal },
): Promise<void> {
  const data = jobData.safeParse(job.data);
  const circumstances = {
    signal,
    startedBefore: job.attemptsStarted > 1,
    priority: job.priority,
    traceParent: parseTraceParent(job.opts.telemetry?.metadata),
  };
  const result: JobResult = data.success
    ? await deps.process(data.data, circumstances).then(
        (done) => {
          errors.forget(job.id);
          return done;
        },
        (error: unknown) => afterError(deps, errors, job, error),
      )
    : { result: 'set_aside', reason: 'its data cannot be read' };
  switch (result.result) {
    case 'done':
      return;
    case 'later':
      if (deps.priorityLater) await job.changePriority({ priority: deps.priorityLater(job) });
      await job.moveToDelayed(result.at, token);
      throw new DelayedError();
    case 'lane_closed':
      await deps.pauseClaims(Math.max(1, result.until - deps.now()));
      throw new RateLimitError();
    case 'hand_back':
      await job.moveToWait(token);
      throw new WaitingError();
    case 'set_aside':
      deps.metrics.jobsSetAside.inc({ queue: job.queueName });
      deps.log.error({ event: 'job_set_aside', ...about(job), reason: result.reason }, 'a job is set aside');
      throw new UnrecoverableError(`Cannot work on this job: ${result.reason}`);
    default:
      result satisfies never;
  }
}

function afterError(deps: JobDeps, errors: ErrorCount, job: Job, error: unknown): JobResult {
  deps.metrics.jobErrors.inc({ queue: job.queueName });
  deps.log.error({ event: 'job_error', ...about(job), err: error }, 'a job hit an error');
  if (errors.count(job.id) >= ERRORS_BEFORE_SET_ASIDE) {
    errors.forget(job.id);
    return { result: 'set_aside', reason: 'it keeps failing' };
  }
  return { result: 'later', at: deps.now() + ERROR_DELAY_MS };
}

/** Errors in a row by job, in this process. BullMQ counts starts, but a held lane starts jobs in vain without any error. */
class ErrorCount {
  readonly #errors = new Map<string, number>();

  count(id: string | undefined): number {
    const count = (this.#errors.get(id ?? '') ?? 0) + 1;
    this.#errors.set(id ?? '', count);
    return count;
  }

  forget(id: string | undefined): void {
    this.#errors.delete(id ?? '');
  }
}

const about = (job: Job) => ({ queue: job.queueName, verification: job.id });
