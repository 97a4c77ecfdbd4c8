import type { Logger } from 'pino';
import type { LimiterState } from '../shared/account/limiter/limiter-state.ts';
import { type Readiness, startHealthServer } from '../shared/health-server.ts';
import { describeListenError } from '../shared/listen-error.ts';
import { openJobQueue } from '../shared/store/queue/job-queue.ts';
import { explainAbsence } from '../shared/store/redis/connection-trouble.ts';
import type { PatientWrites } from '../shared/store/redis/patient-writes.ts';
import { writeBulkShare } from '../shared/store/verifications/promise-settings.ts';
import { type Tracing, tracingOff } from '../shared/tracing/tracing.ts';
import { within } from '../shared/within.ts';
import { enterAccounts } from './accounts/enter-accounts.ts';
import type { WorkerAccount } from './accounts/open-account.ts';
import { connectContext, type WorkerContext } from './context.ts';
import { startHeartbeat } from './heartbeat.ts';
import { startAnnouncingSettings } from './maintenance/announce-settings.ts';
import { startDeletingPhotos } from './maintenance/delete-photos.ts';
import { startExpiringDeadlines } from './maintenance/expire-deadlines.ts';
import { startRenewingEpochs } from './maintenance/renew-epochs.ts';
import { startSweeping } from './maintenance/sweeper.ts';
import type { QueueConsumer } from './queue-consumer.ts';
import type { RunSettings } from './run-settings.ts';
import { startDeliveryWorker } from './start-delivery-worker.ts';
import { startVerificationWorker } from './start-verification-worker.ts';
import { keepOrder } from './verification/keep-order.ts';

export interface RunningWorker {
  /** Where `/livez`, `/readyz` and `/metrics` are. */
  readonly url: string;
  readonly workerId: string;
  /** Resolves when this worker claims nothing more though nothing stopped it; the log has the reason. */
  readonly ended: Promise<void>;
  /** Claims nothing more, finishes what it has, hands back what it cannot finish within the deadline. */
  stop(): Promise<void>;
}

/**
 * Starts one worker process' parts: verification and delivery workers on one lane. A Redis that cannot be used yet (full,
 * loading, a replica) is waited for; `/livez` and `/readyz` are there from the beginning and say so.
 *
 * @param signal aborting ends that wait
 * @throws Error when Redis cannot be reached or is unfit, or a setting cannot be used; the signal's reason
 */
export async function startWorker(
  settings: RunSettings,
  log: Logger,
  tracing: Tracing = tracingOff,
  signal: AbortSignal = new AbortController().signal,
): Promise<RunningWorker> {
  const connected = connectContext({ settings, log, tracing });
  const { workerId } = connected;
  const waiting = (redis: string): Readiness => ({ ready: false, detail: { worker: workerId, redis } });
  let readiness = async () => waiting('connecting');
  const health = await startHealthServer({
    host: settings.HOST,
    port: settings.WORKER_PORT,
    registry: connected.metrics.registry,
    readiness: () => readiness(),
  }).catch((error: unknown) => {
    const { HOST: host, WORKER_PORT: port } = settings;
    throw describeListenError(error, { host, port, hostVariable: 'HOST', portVariable: 'WORKER_PORT' });
  });
  try {
    const opened = await connected.open({
      signal,
      onWait: (reason) => {
        readiness = async () => waiting(reason);
      },
    });
    let abandon: () => void = () => undefined;
    const membership = await enterAccounts(opened.context, { signal, onLost: () => abandon() }).catch(
      async (error: unknown) => {
        await opened.close();
        throw error;
      },
    );
    readiness = async () => waiting('connecting what waits for jobs');
    const heartbeat = await startHeartbeat(opened.context);
    const consumers = await startConsumers(opened.context);
    abandon = consumers.abandon;
    readiness = () => readReadiness(opened.context, consumers.workers);
    const stop = async () => {
      await consumers.stop();
      await heartbeat.stop();
      await membership.leave();
      await health.close();
      await opened.close();
      await connected.close();
    };
    let stopping: Promise<void> | undefined;
    return {
      url: health.url,
      workerId,
      ended: consumers.ended,
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    await Promise.all([health.close(), connected.close()]);
    throw error;
  }
}

interface Consumers {
  readonly workers: readonly QueueConsumer['worker'][];
  readonly ended: Promise<void>;
  stop(): Promise<void>;
  /** Claims nothing more and gives up what it can: the lane belongs to another upstream now. */
  readonly abandon: () => void;
}

async function startConsumers(context: WorkerContext): Promise<Consumers> {
  const verification = await startVerificationWorker(context);
  const delivery = await startDeliveryWorker(context);
  const upkeep = await startUpkeep(context);
  let reportAbandoned: () => void = () => undefined;
  const abandoned = new Promise<void>((resolve) => {
    reportAbandoned = resolve;
  });
  return {
    ended: Promise.race([verification.ended, delivery.ended, abandoned]),
    workers: [verification.worker, delivery.worker],
    stop: async () => {
      await drain(context.settings.SHUTDOWN_DEADLINE, [verification, delivery], context.writes);
      // Upkeep has nothing in hand that would be lost.
      context.writes.stop();
      await upkeep.stop();
      await Promise.all([verification.close(), delivery.close()]);
    },
    abandon: () => {
      reportAbandoned();
      for (const { worker, abort } of [verification, delivery]) {
        abort(new Error('The lane asks another upstream now'));
        worker
          .close()
          .catch((error: unknown) =>
            context.log.error(
              { event: 'worker_ended', err: error },
              'the worker could not stop claiming in order',
            ),
          );
      }
    },
  };
}

/** A Redis that is away leaves commands waiting; a question for readiness does not wait with them. */
const READY_WITHIN_MS = 1_000;
/** The store of photos is away: this worker is ready all the same, and claims when it is back. */
const PHOTO_STORE_WITHIN_MS = 500;

async function readReadiness(
  { accounts, redis, keys, subjects, workerId, writes }: WorkerContext,
  workers: readonly QueueConsumer['worker'][],
): Promise<Readiness> {
  const answered = await within(
    READY_WITHIN_MS,
    Promise.all([
      Promise.all(accounts.accounts.map(({ limiter }) => limiter.state())),
      within(PHOTO_STORE_WITHIN_MS, subjects.check()),
      redis.exists(keys.writeProbe()),
    ]),
  );
  if (answered === 'expired')
    return { ready: false, detail: { worker: workerId, redis: explainAbsence(redis) } };
  const refusal = writes.refusal();
  if (refusal !== null) return { ready: false, detail: { worker: workerId, redis: refusal } };
  const [states, photos] = answered;
  const photoStore = photos === 'expired' ? 'away' : photos.status;
  return {
    ready: workers.every((worker) => worker.isRunning()),
    detail: { worker: workerId, redis: 'ready', photoStore, ...describeStates(accounts.accounts, states) },
  };
}

/**
 * What is claimed can be neither re-prioritized nor cancelled. The lane's workers together claim at most this many seconds
 * of the quota: two for calls that are under way (an upstream that takes longer slows the lane down), one for those that
 * wait for their slot.
 */
const SECONDS_CLAIMED = 3;

/** What the workers of a lane do now and then; the first one to come does it for all. */
async function startUpkeep({
  settings,
  queueRedis,
  keys,
  ...context
}: WorkerContext): Promise<{ stop(): Promise<void> }> {
  // The connection reports its own state once; BullMQ would at every try.
  const openQueue = (name: string) =>
    openJobQueue(queueRedis, keys, name, { onError: () => undefined, asksVersion: true });
  const queue = openQueue(keys.verificationQueue);
  await context.writes.untilTaken(() =>
    queue.setGlobalConcurrency(context.accounts.quotaPerSecond * SECONDS_CLAIMED),
  );
  await context.writes.untilTaken(() => writeBulkShare(context.redis, keys, settings.BULK_SHARE));
  const sweeping = startSweeping(
    {
      ...context,
      keys,
      queue,
      deliveries: openQueue(keys.deliveryQueue),
      subjectTtlMs: settings.SUBJECT_TTL,
      retentionMs: settings.RETENTION,
      auditRetentionMs: settings.AUDIT_RETENTION,
    },
    settings.SWEEP_INTERVAL,
  );
  const order = keepOrder({
    ...context,
    keys,
    isAccountOpen: () => isAnyOpen(context.accounts.accounts),
  });
  const expiring = startExpiringDeadlines({ ...context, keys, queue });
  const deleting = startDeletingPhotos({ ...context, keys });
  const renewing = startRenewingEpochs({ ...context, keys });
  const announcing = startAnnouncingSettings({ ...context, keys }, settings);
  return {
    stop: async () => {
      const tasks = [sweeping, order, expiring, deleting, renewing, announcing];
      await Promise.all(tasks.map((task) => task.stop()));
    },
  };
}

/** One account is shown as the lane; several by their names. */
function describeStates(accounts: readonly WorkerAccount[], states: readonly LimiterState[]) {
  const [first] = states;
  if (states.length === 1) return { lane: { ...first } };
  return { accounts: Object.fromEntries(accounts.map(({ name }, i) => [name, { ...states[i] }])) };
}

async function isAnyOpen(accounts: readonly WorkerAccount[]): Promise<boolean> {
  const states = await Promise.all(accounts.map(({ limiter }) => limiter.state()));
  return states.some(({ status }) => status === 'running');
}

async function drain(
  deadlineMs: number,
  consumers: readonly QueueConsumer[],
  writes: Pick<PatientWrites, 'refusal' | 'stop'>,
): Promise<void> {
  const timer = setTimeout(() => {
    for (const { abort } of consumers) abort(new Error('The worker is shutting down'));
    // What Redis still refuses is lost with this process: a call that was marked as sent is asked again, marked.
    if (writes.refusal() !== null) writes.stop();
  }, deadlineMs);
  await Promise.all(consumers.map(({ worker }) => worker.close()));
  clearTimeout(timer);
}
