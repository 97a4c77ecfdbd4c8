import { setMaxListeners } from 'node:events';
import { createPersonLimit, type PersonLimit } from '../shared/account/person-limit/person-limit.ts';
import { isFinal } from '../shared/contract/verification-status.ts';
import { resolveOutcome } from '../shared/outcomes/resolve-outcome.ts';
import { DEFAULT_RETRY_SETTINGS, type RetrySettings } from '../shared/outcomes/retry-policy.ts';
import { keepLock } from '../shared/store/queue/keep-lock.ts';
import { readRecord } from '../shared/store/verifications/read.ts';
import type { WorkerContext } from './context.ts';
import { restoreJobData } from './job/restore-job-data.ts';
import { createJobRunner, defaultErrorPolicy } from './job/run-job.ts';
import type { QueueConsumer } from './queue-consumer.ts';
import { createQueueWorker, lockOf, startClaiming } from './queue-worker.ts';
import type { WorkerSettings } from './settings.ts';
import { createUpstreamClient } from './upstream/upstream-client.ts';
import { createAskUpstream } from './verification/ask-upstream.ts';
import { createLaneWatch, type LaneWatch, LOOK_AGAIN_MS } from './verification/lane-watch.ts';
import { ProcessGate } from './verification/process-gate.ts';
import { returnPriority } from './verification/slot-rank.ts';
import { hasUntried } from './verification/standing-aside.ts';
import { processVerification } from './verification/verification-processor.ts';

/** Puts the verification processor together and starts claiming. */
export async function startVerificationWorker(context: WorkerContext): Promise<QueueConsumer> {
  const { settings, keys, redis, log, now } = context;
  const endpoint = new URL(settings.FACEID_ENDPOINT);
  const upstream = connectUpstream(settings, endpoint, now);
  const claims = { redis, keys, workerId: context.workerId };
  const ask = createAskUpstream({
    ...context,
    claims: { ...claims, redis: context.patientRedis },
    endpoint,
    marks: { ...claims, redis: context.unbatchedRedis },
    upstream,
    persons: limitPersons(context),
    retry: retrySettings(settings),
  });
  const deps = {
    ...context,
    claims,
    laneWatch: watchLane(context),
    gate: new ProcessGate(),
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
    claimsPerWindow: settings.QUOTA_PER_SECOND,
    metrics: context.metrics,
    writes: context.writes,
    log,
    shutdown: shutdown.signal,
    run: createJobRunner({
      process: (job, run) => processVerification(deps, job, run),
      restore: (id) => restoreJobData(context.redis, keys, id),
      giveUp: (id) => giveUpVerification(context, id),
      keepLock: (job, token) => keepLock(context.queueRedis, lockOf(keys, job, token)),
      writes: context.writes,
      errors: defaultErrorPolicy,
      metrics: context.metrics,
      priorityLater: (job, behind) => returnPriority(job.opts.priority, behind),
      pauseClaims: (forMs) => worker.rateLimit(Math.min(forMs, LOOK_AGAIN_MS)),
      log,
      now,
    }),
  });
  await worker.waitUntilReady();
  const ended = startClaiming(worker, log);
  return { worker, ended, abort: (reason) => shutdown.abort(reason), close: () => upstream.close() };
}

function connectUpstream(settings: WorkerSettings, endpoint: URL, now: () => number) {
  return createUpstreamClient({
    endpoint,
    credentials: {
      secretId: settings.TENCENTCLOUD_SECRET_ID,
      secretKey: settings.TENCENTCLOUD_SECRET_KEY,
      ...(settings.TENCENTCLOUD_TOKEN === undefined ? {} : { token: settings.TENCENTCLOUD_TOKEN }),
    },
    ...fieldEncryption(settings),
    limits: { answerTimeoutMs: settings.UPSTREAM_TIMEOUT },
    now,
  });
}

function watchLane({ limiter, redis, keys, now }: WorkerContext): LaneWatch {
  return createLaneWatch({
    readState: () => limiter.state(),
    hasUntried: () => hasUntried(redis, keys),
    now,
  });
}

/** A call that was made or not made is counted so, however long Redis refuses it. */
function limitPersons({ settings, accountKeys, writes, ...context }: WorkerContext): PersonLimit {
  const persons = createPersonLimit({
    ...context,
    keys: accountKeys,
    perMinute: settings.PERSON_PER_MINUTE,
    perDay: settings.PERSON_PER_DAY,
  });
  return {
    admit: persons.admit,
    tagOf: persons.tagOf,
    giveBack: (idCard, reservation) => writes.untilTaken(() => persons.giveBack(idCard, reservation)),
    block: (idCard, until) => writes.untilTaken(() => persons.block(idCard, until)),
  };
}

/** What this program cannot work on is answered so, and its event goes out. */
async function giveUpVerification({ redis, keys, finish }: WorkerContext, id: string): Promise<void> {
  const read = await readRecord(redis, keys, id);
  if (read.status !== 'found' || isFinal(read.record)) return;
  await finish(read.record, { row: resolveOutcome('Veriqueue.ProcessingFailed'), call: null });
}

/** The settings hold that there is a key where one is needed. */
function fieldEncryption({
  FIELD_ENCRYPTION: algorithm,
  FIELD_ENCRYPTION_PUBLIC_KEY: publicKey,
}: WorkerSettings) {
  if (algorithm === 'off' || publicKey === undefined) return {};
  return { encryption: { algorithm, publicKey } };
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
