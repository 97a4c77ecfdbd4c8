import { type Job, type Processor, Worker, type WorkerOptions } from 'bullmq';
import type { Logger } from 'pino';
import type { StoreKeys } from '../shared/store/keys.ts';
import type { PatientWrites } from '../shared/store/redis/patient-writes.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { within } from '../shared/within.ts';
import type { WorkerMetrics } from './metrics.ts';

/**
 * What a killed worker had claimed is given back when its heartbeats stop (heartbeat.ts). Where that cannot be seen, as when
 * all of the workers were killed or cut off, its locks run out LOCK_MS after they were renewed last, and the next stalled
 * check puts the jobs back at the head of the line; one check may miss them, because the workers take turns: 6 + 2 s at worst
 * (measured, bullmq 6.7). BullMQ's own 30 + 30 s take a minute.
 *
 * Renewed after at most 2 s (BullMQ looks every half LOCK_RENEWAL_MS), a lock outlasts a pause of 4 s.
 */
const LOCK_MS = 6_000;
const LOCK_RENEWAL_MS = 2_000;
const STALLED_CHECK_MS = 1_000;

/**
 * A crash is no reason to fail a job: BullMQ would do so at the second one. What crashes workers is found by
 * crash-decision.ts, which distinguishes the cause from its neighbors.
 */
const STALLS_ALLOWED = 1_000_000;

/**
 * BullMQ's limiter lets a window's claims through at once and then none until its end. With the upstream's own second every
 * claim would come in one burst a second, and an interactive verification would wait up to a second for the next. Claims
 * that may run ahead a little are bounded by the lane's concurrency instead, and follow one another as places come free.
 */
export const CLAIM_WINDOW_MS = 750;

export interface QueueWorkerOptions {
  /** The process, as it writes its heartbeats; its locks name it. */
  readonly workerId: string;
  readonly queue: string;
  readonly prefix: string;
  readonly connection: Redis;
  readonly concurrency: number;
  /** BullMQ's limiter counts claims, not requests: a coarse gate in front of the lane's slots. */
  readonly claimsPerWindow?: number;
  readonly run: (job: Job, token: string | undefined, signal: AbortSignal) => Promise<void>;
  /** Aborts when the process must end, whatever is still in flight. */
  readonly shutdown: AbortSignal;
  readonly metrics: Pick<WorkerMetrics, 'jobsStalled'>;
  readonly writes: Pick<PatientWrites, 'note'>;
  readonly log: Logger;
}

/** Of BullMQ's LockManager. */
const LOCK_ERROR = /^could not renew lock for job/;

/** What `keepLock` is to keep of a job of such a worker. */
export function lockOf(keys: StoreKeys, job: Job, token: string) {
  return { keys, queue: job.queueName, jobId: job.id ?? '', token, lockMs: LOCK_MS };
}

/**
 * BullMQ writes `<id of the worker>:<count>` into the lock of each job that a worker claims, and gives the worker a random id.
 * With the process' own, a lock says whose heartbeat to look for (`giveBackSilent`).
 */
class NamedWorker extends Worker {
  override readonly id: string;

  constructor(id: string, queue: string, processor: Processor, options: WorkerOptions) {
    super(queue, processor, options);
    this.id = id;
  }
}

export function createQueueWorker(options: QueueWorkerOptions): Worker {
  const { queue, log } = options;
  const worker = new NamedWorker(
    options.workerId,
    queue,
    (job: Job, token: string | undefined) => options.run(job, token, options.shutdown),
    {
      connection: options.connection,
      prefix: options.prefix,
      concurrency: options.concurrency,
      lockDuration: LOCK_MS,
      lockRenewTime: LOCK_RENEWAL_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: STALLS_ALLOWED,
      // Seconds. BullMQ wakes no worker for a prioritized job that is put back (moveJobFromActiveToWait sets no marker): an
      // idle worker finds it when its blocking wait ends, after 5 s by default.
      drainDelay: 1,
      // A closed lane may open sooner than it said: look again at least this often.
      maximumRateLimitDelay: 1_000,
      // Bounds how long a worker that lost its connection waits before it claims again.
      runRetryDelay: 500,
      autorun: false,
      // What ends leaves Redis; of what failed, the latest stay for a look. Jobs carry no such options.
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 1000 },
      ...(options.claimsPerWindow === undefined
        ? {}
        : { limiter: { max: options.claimsPerWindow, duration: CLAIM_WINDOW_MS } }),
    },
  );
  worker.on('error', (error) => {
    // BullMQ reports an outage at every try, and a lock that it cannot renew for each job; both are logged once.
    if (options.writes.note(error) || LOCK_ERROR.test(error.message)) return;
    log.warn({ event: 'queue_error', queue, err: error }, 'queue error');
  });
  worker.on('lockRenewalFailed', (ids: readonly string[]) => {
    log.warn({ event: 'locks_lost', queue, jobs: ids.length }, 'locks ran out before they were renewed');
  });
  worker.on('stalled', (id) => {
    options.metrics.jobsStalled.inc({ queue });
    log.warn({ event: 'job_stalled', queue, verification: id }, 'a worker died or hung');
  });
  return worker;
}

/** As long as a start waits for the other connections (redis-roles.ts). */
const CONNECTED_WITHIN_MS = 30_000;

/**
 * Resolves when the worker's blocking connection stands too, which it makes for itself.
 *
 * @throws {Error} when it does not, as with a Redis that has no connection left
 */
export async function awaitConnected(worker: Worker): Promise<void> {
  if ((await within(CONNECTED_WITHIN_MS, worker.waitUntilReady())) !== 'expired') return;
  throw new Error(
    `Cannot claim from ${worker.name}: its connection to Redis is not ready after ${CONNECTED_WITHIN_MS / 1000} s. The log has the reason (redis_unreachable). A worker needs 6 connections: see maxclients of Redis`,
  );
}

/**
 * Begins to claim.
 *
 * @returns resolves when claiming has ended though nothing closed the worker; the process is of no use then
 */
export function startClaiming(worker: Worker, log: Logger): Promise<void> {
  let closing = false;
  worker.once('closing', () => {
    closing = true;
  });
  return new Promise((resolve) => {
    const ended = (error?: unknown) => {
      if (closing) return;
      log.fatal({ event: 'worker_ended', queue: worker.name, err: error }, 'the worker claims no more');
      resolve();
    };
    worker.run().then(() => ended(), ended);
  });
}
