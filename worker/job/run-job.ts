import { DelayedError, type Job, UnrecoverableError, WaitingError } from 'bullmq';
import type { Logger } from 'pino';
import { type JobData, readJobData, verificationOfJob } from '../../shared/store/queue/job-data.ts';
import type { PatientWrites } from '../../shared/store/redis/patient-writes.ts';
import { parseTraceParent } from '../../shared/tracing/trace-parent.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { type JobResult, type JobRun, SET_ASIDE } from './job-result.ts';
import { isLostJob } from './lost-job.ts';

export interface JobDeps {
  readonly process: (data: JobData, run: JobRun) => Promise<JobResult>;
  /** What a job's data must have been, by the record; null without one. @param id of the verification */
  readonly restore: (id: string) => Promise<JobData | null>;
  /**
   * Writes into the record that nothing works on it any longer, before its job is set aside: a state that a client sees
   * and an operator can change.
   *
   * @param id of the verification
   */
  readonly giveUp: (id: string) => Promise<void>;
  /** Before a job fails: makes sure that the one which waits for it goes on. */
  readonly nameParent?: (job: Job) => Promise<void>;
  /** Takes back a lock that ran out; false when the job is another worker's. */
  readonly keepLock: (job: Job, token: string) => Promise<boolean>;
  /** The priority a job comes back with, where that differs. */
  readonly priorityLater?: number;
  /** Gives a verification that went back to the head of the line the place that is due to it. @param id of the verification */
  readonly placeBack?: (id: string) => Promise<unknown>;
  /** Keeps every worker of the queue from claiming for so long. */
  readonly pauseClaims: (forMs: number) => Promise<void>;
  readonly writes: Pick<PatientWrites, 'untilTaken' | 'note'>;
  readonly errors: ErrorPolicy;
  readonly metrics: Pick<WorkerMetrics, 'inFlight' | 'jobErrors' | 'jobsSetAside' | 'jobsLost'>;
  readonly log: Logger;
  readonly now: () => number;
}

/** After an error of ours a job comes back so much later. At the last one allowed in a row it is set aside. */
export interface ErrorPolicy {
  readonly delayMs: number;
  readonly allowed: number;
}

export const defaultErrorPolicy: ErrorPolicy = { delayMs: 2_000, allowed: 30 };

/** One start of a job. */
interface Start {
  readonly job: Job;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Wraps a processor for BullMQ. This is the only place where its control-flow exceptions are thrown; everything
 * behind it returns what it means.
 *
 * BullMQ fails a job whose processor throws anything else. Nothing else is thrown: a write that Redis refuses is waited
 * out, and a job that is another worker's by then is left to it.
 *
 * @throws DelayedError, WaitingError, UnrecoverableError, as BullMQ demands
 */
export function createJobRunner(
  deps: JobDeps,
): (job: Job, token: string | undefined, signal: AbortSignal) => Promise<void> {
  const errors = new ErrorCount();
  return async (job, token, signal) => {
    const inFlight = deps.metrics.inFlight.labels(job.queueName);
    inFlight.inc();
    try {
      const start = { job, token, signal };
      await move(deps, start, await run(deps, errors, start));
    } finally {
      inFlight.dec();
    }
  };
}

async function run(deps: JobDeps, errors: ErrorCount, { job, signal }: Start): Promise<JobResult> {
  const data = readJobData(job.id ?? '', job.data);
  const circumstances = {
    signal,
    startedBefore: job.attemptsStarted > 1,
    priority: job.priority,
    traceParent: parseTraceParent(job.opts.telemetry?.metadata),
  };
  try {
    // A list may name a job whose hash is gone; the record has all that was in it.
    const known = data ?? (await deps.restore(verificationOf(job)));
    if (known === null) return { result: 'set_aside', reason: 'its data cannot be read' };
    const result = await deps.process(known, circumstances);
    errors.forget(job.id);
    return result;
  } catch (error) {
    return afterError(deps, errors, job, error);
  }
}

async function move(deps: JobDeps, start: Start, result: JobResult): Promise<void> {
  const { job, token } = start;
  switch (result.result) {
    case 'done':
      return;
    case 'later':
      await moveJob(deps, start, async () => {
        if (deps.priorityLater !== undefined) await job.changePriority({ priority: deps.priorityLater });
        await job.moveToDelayed(result.at, token);
      });
      throw new DelayedError();
    case 'lane_closed':
      await deps.pauseClaims(Math.max(1, result.until - deps.now())).catch((error: unknown) => {
        // It spares the others a look at a closed lane, no more.
        if (!deps.writes.note(error)) logError(deps, job, error);
      });
      await moveBack(deps, start);
      throw new WaitingError();
    case 'hand_back':
      await moveBack(deps, start);
      throw new WaitingError();
    case 'set_aside':
      return setAside(deps, job, result.reason);
    default:
      result satisfies never;
  }
}

/** BullMQ puts it before all of its priority. Where it belongs is known to the store, and is no matter of life and death. */
async function moveBack(deps: JobDeps, start: Start): Promise<void> {
  const { job, token } = start;
  await moveJob(deps, start, () => job.moveToWait(token));
  await deps.placeBack?.(verificationOf(job)).catch((error: unknown) => {
    if (!deps.writes.note(error)) logError(deps, job, error);
  });
}

/** Moves the job when Redis takes it, unless it is another worker's by then. */
async function moveJob(deps: JobDeps, { job, token }: Start, write: () => Promise<unknown>): Promise<void> {
  try {
    await deps.writes.untilTaken(() =>
      write().catch(async (error: unknown) => {
        if (token === undefined || !isLostJob(error) || !(await deps.keepLock(job, token))) throw error;
        await write();
      }),
    );
  } catch (error) {
    deps.metrics.jobsLost.inc({ queue: job.queueName });
    deps.log.warn({ event: 'job_lost', ...about(job), err: error }, 'another worker has this job now');
  }
}

/** @throws UnrecoverableError */
async function setAside(deps: JobDeps, job: Job, reason: string): Promise<never> {
  deps.metrics.jobsSetAside.inc({ queue: job.queueName });
  deps.log.error({ event: 'job_set_aside', ...about(job), reason }, 'a job is set aside');
  try {
    await deps.writes.untilTaken(() => deps.giveUp(verificationOf(job)));
  } catch (error) {
    deps.log.error(
      { event: 'give_up_failed', ...about(job), err: error },
      'a job is set aside, its record stands',
    );
  }
  await deps.writes.untilTaken(async () => deps.nameParent?.(job));
  throw new UnrecoverableError(`${SET_ASIDE}${reason}`);
}

function afterError(deps: JobDeps, errors: ErrorCount, job: Job, error: unknown): JobResult {
  // Redis away or refusing is no fault of this verification, however long it lasts.
  if (!deps.writes.note(error)) {
    logError(deps, job, error);
    if (errors.count(job.id) >= deps.errors.allowed) {
      errors.forget(job.id);
      return { result: 'set_aside', reason: 'it keeps failing' };
    }
  }
  return { result: 'later', at: deps.now() + deps.errors.delayMs };
}

function logError(deps: JobDeps, job: Job, error: unknown): void {
  deps.metrics.jobErrors.inc({ queue: job.queueName });
  deps.log.error({ event: 'job_error', ...about(job), err: error }, 'a job hit an error');
}

/** Errors in a row by job, in this process. BullMQ counts starts, but a held lane starts jobs that do nothing, and that is no error. */
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

const verificationOf = (job: Job) => verificationOfJob(job.id ?? '');

const about = (job: Job) => ({ queue: job.queueName, verification: verificationOf(job) });
