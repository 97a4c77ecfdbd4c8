import { Queue, type Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { PatientWrites } from '../shared/redis/patient-writes.ts';
import { type Tracing, tracingOff } from '../shared/tracing/tracing.ts';
import { openContext, type WorkerContext } from './context.ts';
import { type Readiness, startHealthServer } from './health-server.ts';
import type { WorkerSettings } from './settings.ts';
import { startDeliveryWorker } from './start-delivery-worker.ts';
import { startVerificationWorker } from './start-verification-worker.ts';
import { startSweeping } from './sweep/sweeper.ts';
import { startSharing } from './verification/bulk-share.ts';

export interface RunningWorker {
  /** Where `/livez`, `/readyz` and `/metrics` are. */
  readonly url: string;
  readonly workerId: string;
  /** Claims nothing more, finishes what it has, hands back what it cannot finish within the deadline. */
  stop(): Promise<void>;
}

/** One kind of work of this process. */
export interface QueueConsumer {
  readonly worker: Worker;
  /** Gives up what cannot be finished. */
  readonly abort: (reason: Error) => void;
  /** Releases what outlives the jobs, connections for instance. */
  close(): Promise<void>;
}

/**
 * Starts one worker process' parts: verification and delivery workers on one lane.
 *
 * @throws Error when Redis cannot be reached or is unfit, or a setting cannot be used
 */
export async function startWorker(
  settings: WorkerSettings,
  log: Logger,
  tracing: Tracing = tracingOff,
): Promise<RunningWorker> {
  const { context, close } = await openContext(settings, log, tracing);
  const verification = await startVerificationWorker(context);
  const delivery = startDeliveryWorker(context);
  const upkeep = await startUpkeep(context);
  const health = await startHealthServer({
    host: settings.HOST,
    port: settings.WORKER_PORT,
    registry: context.metrics.registry,
    readiness: () => judgeReadiness(context, [verification.worker, delivery.worker]),
  });
  const stop = async () => {
    await drain(settings.SHUTDOWN_DEADLINE, [verification, delivery], context.writes);
    // Upkeep has nothing in hand that would be lost.
    context.writes.stop();
    await upkeep.stop();
    await Promise.all([verification.close(), delivery.close()]);
    await health.close();
    await close();
  };
  let stopping: Promise<void> | undefined;
  return {
    url: health.url,
    workerId: context.workerId,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** A Redis that is away leaves commands waiting; whoever asks for readiness does not wait with them. */
const READY_WITHIN_MS = 1_000;

async function judgeReadiness(
  { lane, redis, workerId }: WorkerContext,
  workers: readonly Worker[],
): Promise<Readiness> {
  const late = new Promise<null>((resolve) => setTimeout(resolve, READY_WITHIN_MS, null).unref());
  const answered = await Promise.race([Promise.all([lane.state(), redis.ping()]), late]);
  if (answered === null) return { ready: false, detail: { worker: workerId, redis: 'unavailable' } };
  const [state] = answered;
  return {
    ready: workers.every((worker) => worker.isRunning()),
    detail: { worker: workerId, redis: 'ready', lane: { ...state } },
  };
}

/**
 * What is claimed can be neither re-prioritized nor cancelled. The lane's workers together claim at most this many seconds
 * of the quota: two for calls that are under way (an upstream that takes longer slows the lane down), one for those that
 * wait for their slot.
 */
const SECONDS_CLAIMED = 3;

/** What every worker of the lane does now and then, whoever comes first. */
async function startUpkeep({
  settings,
  queueRedis,
  keys,
  ...context
}: WorkerContext): Promise<{ stop(): Promise<void> }> {
  const openQueue = (name: string) => {
    const opened = new Queue(name, {
      connection: queueRedis,
      prefix: keys.queuePrefix,
      skipMetasUpdate: true,
    });
    // The connection tells of its own state once; BullMQ would at every try.
    opened.on('error', () => undefined);
    return opened;
  };
  const queue = openQueue(keys.verificationQueue);
  await queue.setGlobalConcurrency(settings.QUOTA_PER_SECOND * SECONDS_CLAIMED);
  const sweeping = startSweeping(
    {
      ...context,
      keys,
      queue,
      deliveries: openQueue(keys.deliveryQueue),
      subjectTtlMs: settings.SUBJECT_TTL,
    },
    settings.SWEEP_INTERVAL,
  );
  const { QUOTA_PER_SECOND: quotaPerSecond, BULK_SHARE: share } = settings;
  const sharing = startSharing({ ...context, keys, queue, quotaPerSecond, share });
  return {
    stop: async () => {
      await Promise.all([sweeping.stop(), sharing.stop()]);
    },
  };
}

async function drain(
  deadlineMs: number,
  consumers: readonly QueueConsumer[],
  writes: Pick<PatientWrites, 'refusal' | 'stop'>,
): Promise<void> {
  const timer = setTimeout(() => {
    for (const { abort } of consumers) abort(new Error('Cannot finish in time: the worker is shutting down'));
    // What Redis still refuses is lost with this process: a call that was marked as sent is asked again, marked.
    if (writes.refusal() !== null) writes.stop();
  }, deadlineMs);
  await Promise.all(consumers.map(({ worker }) => worker.close()));
  clearTimeout(timer);
}
