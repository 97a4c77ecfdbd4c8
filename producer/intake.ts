import { redisTargetOf } from '../shared/config/redis-target.ts';
import type { EpochKeys } from '../shared/store/epochs/epoch-keys.ts';
import { storeKeys } from '../shared/store/keys.ts';
import { openRedis } from '../shared/store/open-redis.ts';
import { createAtomicFlow } from '../shared/store/queue/atomic-flow.ts';
import { openJobQueue } from '../shared/store/queue/job-queue.ts';
import { awaitRedisFit, type FitWait } from '../shared/store/redis/await-fit.ts';
import { closeRedis } from '../shared/store/redis/close-redis.ts';
import { checkConfirmation, createWriteConfirmation } from '../shared/store/redis/confirm-write.ts';
import { describeRedisError } from '../shared/store/redis/failure.ts';
import { createOutageLog } from '../shared/store/redis/outage-log.ts';
import { probeWrites } from '../shared/store/redis/probe-writes.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import type { RedisRole } from '../shared/store/redis/redis-roles.ts';
import type { S3Try } from '../shared/store/subjects/objects/s3-objects.ts';
import { openSubjects } from '../shared/store/subjects/open-subjects.ts';
import type { Tracing } from '../shared/tracing/tracing.ts';
import { createLaneView } from './lane-view.ts';
import type { ProducerLog } from './producer-log.ts';
import type { SubmissionRate } from './rate-limit.ts';
import type { IntakeSettings } from './settings.ts';
import { createShareView, type ShareView } from './shares/share-view.ts';
import type { EnqueueDeps } from './submission/enqueue.ts';
import { createPhotoFetcher, type PhotoFetcher } from './submission/fetch-photo.ts';
import { createPromiseOffers } from './submission/offer-promise.ts';
import type { SubmitDeps } from './submission/submit.ts';
import { watchFlow } from './submission/watched-flow.ts';
import { createWithdrawals } from './submission/withdrawals.ts';

/** All that is needed to submit, show and cancel verifications: the HTTP producer and the library stand on one each. */
export interface Intake extends SubmitDeps {
  readonly rate: SubmissionRate;
  readonly shares: ShareView;
  readonly photos: PhotoFetcher;
  /** Undefined where a 202 waits for nothing. */
  readonly confirmRedis: Redis | undefined;
}

export type Connections = readonly [redis: Redis, flowRedis: Redis, confirmRedis?: Redis | undefined];

/**
 * Two: the flow's connection is changed by it, and a large upload on it must not delay everybody's reads. A third where a 202 waits
 * for replicas or the disk: Redis carries out nothing else on a connection that waits.
 */
export function connectIntake(settings: IntakeSettings, log: ProducerLog): Connections {
  const logOf = createOutageLog(log);
  const target = { ...redisTargetOf(settings), home: storeKeys(settings.LANE).writeProbe() };
  const open = (name: string, role: RedisRole) => openRedis({ ...target, log: logOf(name), name }, role);
  const both = [open('veriqueue-producer', 'request'), open('veriqueue-producer-flow', 'flow')] as const;
  return settings.ACCEPT_AFTER.kind === 'exec'
    ? both
    : [...both, open('veriqueue-producer-confirm', 'confirm')];
}

export async function closeConnections(connections: Connections): Promise<void> {
  await Promise.all(connections.flatMap((client) => (client === undefined ? [] : [closeRedis(client)])));
}

/**
 * Resolves once verifications may be entrusted to this Redis.
 *
 * @returns its version
 * @throws what {@link awaitRedisFit} throws
 */
export async function awaitFit(
  { LANE, ACCEPT_AFTER }: Pick<IntakeSettings, 'LANE' | 'ACCEPT_AFTER'>,
  [redis, flowRedis, confirmRedis]: Connections,
  wait: Pick<FitWait, 'log' | 'onWait' | 'signal'>,
): Promise<string> {
  const keys = storeKeys(LANE);
  const version = await awaitRedisFit(
    [redis, flowRedis, ...(confirmRedis === undefined ? [] : [confirmRedis])],
    { ...wait, role: 'request', probe: (client) => probeWrites(client, keys) },
  );
  const confirm = createWriteConfirmation(confirmRedis, ACCEPT_AFTER, keys.writeProbe());
  const warning = await checkConfirmation(confirm, ACCEPT_AFTER, version);
  if (warning !== null) wait.log.warn({ event: 'redis_warning' }, warning);
  return version;
}

export interface IntakeOptions {
  readonly log: ProducerLog;
  /** ms epoch */
  readonly now: () => number;
  readonly tracing: Tracing;
  readonly onPhotoStoreTry?: (made: S3Try) => void;
  /** @default none: subjects are wrapped by the ring alone */
  readonly epochs?: EpochKeys | null;
}

export function createIntake(
  settings: IntakeSettings,
  [redis, flowRedis, confirmRedis]: Connections,
  { log, now, tracing, onPhotoStoreTry, epochs = null }: IntakeOptions,
): Intake {
  const keys = storeKeys(settings.LANE);
  const onError = (error: Error) =>
    log.debug({ event: 'queue_error', reason: describeRedisError(error) }, 'a queue lost its connection');
  const openQueue = (name: string) => openJobQueue(redis, keys, name, { onError });
  const enqueueing: EnqueueDeps = {
    redis,
    flowRedis,
    flow: watchFlow(createAtomicFlow(flowRedis, keys.queuePrefix, onError, tracing.flowTelemetry), flowRedis),
    confirmWrites: createWriteConfirmation(confirmRedis, settings.ACCEPT_AFTER, keys.writeProbe()),
    queues: { deliveries: openQueue(keys.deliveryQueue), verifications: openQueue(keys.verificationQueue) },
    subjects: openSubjects(settings, {
      redis,
      keys,
      role: 'writes',
      log,
      now,
      random: Math.random,
      ...(onPhotoStoreTry === undefined ? {} : { onTry: onPhotoStoreTry }),
    }),
    keys,
    log,
  };
  const lane = createLaneView({
    redis,
    keys,
    quotaPerSecond: settings.QUOTA_PER_SECOND,
    now,
  });
  return {
    ...enqueueing,
    confirmRedis,
    keyRing: settings.VERIQUEUE_KEYS,
    epochs,
    lane,
    shares: createShareView({ redis, keys, lane, now }),
    offers: createPromiseOffers({ redis, keys, lane, now }),
    photos: createPhotoFetcher({ allowInsecure: settings.ALLOW_INSECURE_CALLBACKS, log }),
    withdrawals: createWithdrawals(enqueueing),
    rules: {
      maxBacklog: settings.MAX_BACKLOG,
      allowInsecureCallbacks: settings.ALLOW_INSECURE_CALLBACKS,
      allowCheckDigitFailure: settings.ALLOW_CHECK_DIGIT_FAILURE,
      retentionMs: settings.RETENTION,
      maxClientRecords: settings.CLIENT_MAX_RECORDS,
      maxClientWaiting: settings.CLIENT_MAX_WAITING,
    },
    rate: { perSecond: settings.CLIENT_RATE_PER_SECOND, burst: settings.CLIENT_BURST },
    now,
  };
}

/** Never throws for a Redis that is away. */
export async function closeIntake({
  flow,
  queues,
  redis,
  flowRedis,
  confirmRedis,
  subjects,
  photos,
}: Intake): Promise<void> {
  await Promise.all([
    queues.deliveries.close(),
    queues.verifications.close(),
    flow.close(),
    subjects.close(),
    photos.close(),
  ]);
  await closeConnections([redis, flowRedis, confirmRedis]);
}
