import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type AccountPool, createAccountPool } from '../shared/account/account-pool.ts';
import { redisTargetOf } from '../shared/config/redis-target.ts';
import { DEFAULT_BILLED_CODES } from '../shared/outcomes/resolve-outcome.ts';
import { registerPhotoStoreUp } from '../shared/photo-store-metrics.ts';
import type { KeyRing } from '../shared/sealing/key-ring.ts';
import { type Audit, createAudit } from '../shared/store/audit/audit.ts';
import type { EpochKeys } from '../shared/store/epochs/epoch-keys.ts';
import { openEpochKeys } from '../shared/store/epochs/open-epoch-keys.ts';
import { type StoreKeys, storeKeys } from '../shared/store/keys.ts';
import { openRedis } from '../shared/store/open-redis.ts';
import { type AtomicFlow, createAtomicFlow } from '../shared/store/queue/atomic-flow.ts';
import { awaitRedisFit, type FitWait } from '../shared/store/redis/await-fit.ts';
import { closeRedis } from '../shared/store/redis/close-redis.ts';
import { createOutageLog } from '../shared/store/redis/outage-log.ts';
import { patientRedis } from '../shared/store/redis/patient-redis.ts';
import { createPatientWrites, type PatientWrites } from '../shared/store/redis/patient-writes.ts';
import { probeWrites } from '../shared/store/redis/probe-writes.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import type { RedisRole } from '../shared/store/redis/redis-roles.ts';
import { openSubjects } from '../shared/store/subjects/open-subjects.ts';
import type { SubjectStore } from '../shared/store/subjects/subject-store.ts';
import type { Tracing } from '../shared/tracing/tracing.ts';
import { within } from '../shared/within.ts';
import { accountOfEnvironment } from './accounts/account-settings.ts';
import { type AccountDeps, openAccount, type WorkerAccount } from './accounts/open-account.ts';
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts';
import type { RunSettings } from './run-settings.ts';
import { createFinish, type FinishVerification } from './verification/finish-verification.ts';

/** What the parts of one worker process share. */
export interface WorkerContext {
  readonly settings: RunSettings;
  readonly keys: StoreKeys;
  readonly keyRing: KeyRing;
  /** Null: this worker has no store of epochs' keys. */
  readonly epochs: EpochKeys | null;
  readonly workerId: string;
  /** For records and everything else that is neither BullMQ's nor the lane's. */
  readonly redis: Redis;
  /** For BullMQ, which duplicates it for its blocking commands. */
  readonly queueRedis: Redis;
  /** For what must be on its way to Redis when the call returns: it batches no writes. The lane's. */
  readonly unbatchedRedis: Redis;
  readonly accounts: AccountPool<WorkerAccount>;
  /** Where producers keep the photos, and this worker reads them. */
  readonly subjects: SubjectStore;
  /** Codes the deployment is billed for. */
  readonly billedCodes: ReadonlySet<string>;
  readonly finish: FinishVerification;
  readonly audit: Audit;
  /** For what is in hand and must be written down, however long Redis refuses it. */
  readonly writes: PatientWrites;
  /** `redis` with that patience. */
  readonly patientRedis: Redis;
  /** Adds jobs, on `queueRedis`. */
  readonly flow: AtomicFlow;
  readonly metrics: WorkerMetrics;
  readonly tracing: Tracing;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

export interface OpenContext {
  readonly context: WorkerContext;
  close(): Promise<void>;
}

/** What there is before Redis can be used. */
export interface Connected {
  readonly workerId: string;
  readonly metrics: WorkerMetrics;
  /** Resolves when Redis can be used. @throws Error when it cannot be reached or is unfit; the signal's reason */
  open(wait: Pick<FitWait, 'signal' | 'onWait'>): Promise<OpenContext>;
  close(): Promise<void>;
}

/** A connection that is away keeps commands waiting; a scrape does not wait with them. */
const REDIS_ANSWERS_WITHIN_MS = 1_000;

/** Begins to connect, in the background. */
export function connectContext({
  settings,
  log,
  tracing,
}: Pick<WorkerContext, 'settings' | 'log' | 'tracing'>): Connected {
  const keys = storeKeys(settings.LANE);
  const connections = connectAll(settings, keys, log);
  const { redis } = connections;
  const workerId = randomUUID();
  const { served } = settings.accounts ?? accountOfEnvironment(settings);
  const metrics = createWorkerMetrics(
    keys,
    () => askWithin(redis, keys, REDIS_ANSWERS_WITHIN_MS),
    served.map(({ name }) => name),
  );
  return {
    workerId,
    metrics,
    open: async (wait) => {
      await awaitRedisFit([redis, connections.queueRedis, connections.unbatchedRedis], {
        ...wait,
        role: 'batched',
        probe: (client) => probeWrites(client, keys),
        log,
      });
      const url = settings.EPOCH_KEYS_REDIS_URL;
      // Its commands wait while it is away: nothing is answered as unreadable for that.
      const epochs =
        url === undefined ? null : await openEpochKeys({ url, role: 'batched', main: redis, log });
      return openContext({ settings, keys, connections, epochs, workerId, metrics, tracing, log });
    },
    close: async () => {
      await Promise.all(Object.values(connections).map(closeRedis));
    },
  };
}

interface Connections {
  readonly redis: Redis;
  readonly queueRedis: Redis;
  readonly unbatchedRedis: Redis;
}

function connectAll(settings: RunSettings, keys: StoreKeys, log: Logger): Connections {
  const logOf = createOutageLog(log);
  const target = { ...redisTargetOf(settings), home: keys.writeProbe() };
  const open = (name: string, role: RedisRole) => openRedis({ ...target, log: logOf(name), name }, role);
  return {
    redis: open('veriqueue-worker', 'batched'),
    queueRedis: open('veriqueue-queue', 'bullmq'),
    // A connection of its own: slots must not queue behind a photo.
    unbatchedRedis: open('veriqueue-lane', 'unbatched'),
  };
}

function openContext({
  settings,
  keys,
  connections: { redis, queueRedis, unbatchedRedis },
  epochs,
  workerId,
  metrics,
  tracing,
  log,
}: Pick<WorkerContext, 'settings' | 'keys' | 'epochs' | 'workerId' | 'metrics' | 'tracing' | 'log'> & {
  readonly connections: Connections;
}): OpenContext {
  // Before anything of BullMQ's: it remembers which scripts are defined on the connection.
  const flow = createAtomicFlow(queueRedis, keys.queuePrefix, () => undefined);
  const { BILLED_CODES, MATCH_THRESHOLD: matchThreshold } = settings;
  const billedCodes = BILLED_CODES === undefined ? DEFAULT_BILLED_CODES : new Set(BILLED_CODES);
  const writes = createPatientWrites({
    probe: () => probeWrites(redis, keys),
    log,
    now: Date.now,
  });
  const patient = patientRedis(redis, writes);
  const clock = { now: Date.now, random: Math.random };
  const keyRing = settings.VERIQUEUE_KEYS;
  const subjects = openSubjects(settings, {
    redis,
    keys,
    role: 'reads',
    log,
    onTry: metrics.notePhotoStoreTry,
    ...clock,
  });
  registerPhotoStoreUp(metrics.registry, subjects);
  const audit = createAudit({ redis, keys, signingKey: settings.SIGNING_KEYS?.newest ?? null, log });
  const accounts = openPool(settings, { redis, unbatchedRedis, writes, audit, keyRing, log, ...clock });
  const context: WorkerContext = {
    settings,
    keys,
    keyRing,
    epochs,
    workerId,
    redis,
    queueRedis,
    unbatchedRedis,
    accounts,
    audit,
    subjects,
    billedCodes,
    finish: createFinish({
      redis: patient,
      keys,
      matchThreshold,
      livemode: accounts.accounts[0].asks.livemode,
      billedCodes,
      metrics,
      tracing,
      log,
      now: Date.now,
    }),
    writes,
    patientRedis: patient,
    flow,
    metrics,
    tracing,
    log,
    ...clock,
  };
  return {
    context,
    close: async () => {
      writes.stop();
      await Promise.all(accounts.accounts.map((account) => account.close()));
      await Promise.all([flow.close(), subjects.close(), epochs?.close()]);
    },
  };
}

function openPool(settings: RunSettings, deps: AccountDeps): AccountPool<WorkerAccount> {
  const { served, quotaPerSecond } = settings.accounts ?? accountOfEnvironment(settings);
  const [first, ...others] = served;
  const open = (account: (typeof served)[number]) => openAccount(settings, account, deps);
  return createAccountPool([open(first), ...others.map(open)], quotaPerSecond);
}

/** Of a cluster, the lane's own shard is asked: a PING would go to any. @throws Error when no answer came in time */
async function askWithin(redis: Redis, keys: StoreKeys, ms: number): Promise<void> {
  if (redis.status !== 'ready') throw new Error('Redis is not connected');
  if ((await within(ms, redis.exists(keys.writeProbe()))) === 'expired') {
    throw new Error(`Redis did not answer within ${ms} ms`);
  }
}
