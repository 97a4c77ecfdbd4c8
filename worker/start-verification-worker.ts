import { setMaxListeners } from 'node:events';
import { readLostTime } from '../shared/account/account-readings.ts';
import { isFinal } from '../shared/contract/verification-status.ts';
import { resolveOutcome } from '../shared/outcomes/resolve-outcome.ts';
import { DEFAULT_RETRY_SETTINGS, type RetrySettings } from '../shared/outcomes/retry-policy.ts';
import { keepLock } from '../shared/store/queue/keep-lock.ts';
import { nameParent } from '../shared/store/queue/packed-job.ts';
import { ASIDE_PRIORITY } from '../shared/store/queue/verification-flow.ts';
import { placeVerifications } from '../shared/store/shares/place.ts';
import { readRecord } from '../shared/store/verifications/read.ts';
import { createAccountChooser } from './accounts/account-chooser.ts';
import type { WorkerContext } from './context.ts';
import { restoreJobData } from './job/restore-job-data.ts';
import { createJobRunner, defaultErrorPolicy } from './job/run-job.ts';
import type { QueueConsumer } from './queue-consumer.ts';
import { awaitConnected, createQueueWorker, lockOf, startClaiming } from './queue-worker.ts';
import type { WorkerSettings } from './settings.ts';
import { LOOK_AGAIN_MS } from './verification/account-watch.ts';
import { createAskUpstream } from './verification/ask-upstream.ts';
import { createPromiseKeeper } from './verification/promise-keeper.ts';
import { RunAloneLock } from './verification/run-alone-lock.ts';
import { hasUntried } from './verification/standing-aside.ts';
import { processVerification } from './verification/verification-processor.ts';

/**
 * What a dead worker held is claimed again at once, beside what is claimed anyway. A gate as narrow as the quota kept newcomers
 * out until its window ended.
 */
const CLAIMS_PER_CALL = 2;

/** Puts the verification processor together and starts claiming. */
export async function startVerificationWorker(context: WorkerContext): Promise<QueueConsumer> {
  const { settings, keys, redis, subjects, log, now } = context;
  const claims = { redis, keys, subjects, workerId: context.workerId };
  const accounts = createAccountChooser({
    ...context,
    pool: context.accounts,
    concurrency: settings.WORKER_CONCURRENCY,
    hasUntried: () => hasUntried(redis, keys),
  });
  const ask = createAskUpstream({
    ...context,
    accounts,
    claims: { ...claims, redis: context.patientRedis },
    marks: { ...claims, redis: context.unbatchedRedis },
    promises: createPromiseKeeper({
      ...context,
      readLost: (names) => readLostTime(context.unbatchedRedis, keys.lane, names),
    }),
    retry: retrySettings(settings),
    bulkShare: settings.BULK_SHARE,
    personScope: settings.PERSON_SCOPE,
  });
  const deps = {
    ...context,
    claims,
    accounts,
    runAloneLock: new RunAloneLock(),
    ask,
    subjectTtlMs: settings.SUBJECT_TTL,
  };
  const shutdown = new AbortController();
  // One listener per job in flight is no leak.
  setMaxListeners(0, shutdown.signal);
  const worker = createQueueWorker({
    workerId: context.workerId,
    queue: keys.verificationQueue,
    prefix: keys.queuePrefix,
    connection: context.queueRedis,
    concurrency: settings.WORKER_CONCURRENCY,
    claimsPerWindow: CLAIMS_PER_CALL * context.accounts.quotaPerSecond,
    metrics: context.metrics,
    writes: context.writes,
    log,
    shutdown: shutdown.signal,
    run: createJobRunner({
      process: (job, run) => processVerification(deps, job, run),
      restore: (id) => restoreJobData(context.redis, keys, id),
      giveUp: (id) => giveUpVerification(context, id),
      nameParent: (job) => nameParent(context.queueRedis, keys, job),
      keepLock: (job, token) => keepLock(context.queueRedis, lockOf(keys, job, token)),
      writes: context.writes,
      errors: defaultErrorPolicy,
      metrics: context.metrics,
      // Behind everything: what grants slots takes it from there to its place (docs/decisions/0017).
      priorityLater: ASIDE_PRIORITY,
      placeBack: (id) => placeVerifications({ redis: context.redis, keys }, 'back', [id]),
      pauseClaims: (forMs) => worker.rateLimit(Math.min(forMs, LOOK_AGAIN_MS)),
      log,
      now,
    }),
  });
  await awaitConnected(worker);
  const ended = startClaiming(worker, log);
  return { worker, ended, abort: (reason) => shutdown.abort(reason), close: async () => undefined };
}

/** What this program cannot work on is answered so, and its event goes out. */
async function giveUpVerification({ redis, keys, finish }: WorkerContext, id: string): Promise<void> {
  const read = await readRecord(redis, keys, id);
  if (read.status !== 'found' || isFinal(read.record)) return;
  await finish(read.record, { row: resolveOutcome('Veriqueue.ProcessingFailed'), call: null });
}

function retrySettings(settings: WorkerSettings): RetrySettings {
  return {
    ...DEFAULT_RETRY_SETTINGS,
    retriesAllowed: settings.RETRIES,
    backoff: { baseMs: settings.RETRY_BASE, capMs: settings.RETRY_CAP },
    unknownPolicy: settings.UNKNOWN_FATE,
    slowAsideMs: 3 * settings.SLOW_PROBE_INTERVAL,
    holdAsideMs: settings.PROBE_INTERVAL,
  };
}
