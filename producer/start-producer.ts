import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { type HealthServer, startHealthServer } from '../shared/health-server.ts';
import type { Logger } from '../shared/log.ts';
import { createProcessRegistry } from '../shared/process-metrics.ts';
import { accountKeys, type LaneKeys, laneKeys } from '../shared/store/keys.ts';
import { openRedis } from '../shared/store/open-redis.ts';
import { createAtomicFlow } from '../shared/store/queue/atomic-flow.ts';
import { openJobQueue } from '../shared/store/queue/job-queue.ts';
import { awaitRedisFit } from '../shared/store/redis/await-fit.ts';
import { closeRedis } from '../shared/store/redis/close-redis.ts';
import { describeRedisError } from '../shared/store/redis/failure.ts';
import { createOutageLog } from '../shared/store/redis/outage-log.ts';
import type { Redis } from '../shared/store/redis/redis-client.ts';
import { redisSubjects } from '../shared/store/subjects/redis-subjects.ts';
import { type Tracing, tracingOff } from '../shared/tracing/tracing.ts';
import { type AppDeps, buildApp, buildOperationsApp } from './app.ts';
import { createBodyBudget } from './body/body-budget.ts';
import { DRAIN_DEADLINE_MS, HTTP_TIMEOUTS, type HttpTimeouts } from './http-limits.ts';
import { createLaneView } from './lane-view.ts';
import { createMetrics } from './metrics.ts';
import type { ConsoleDeps } from './operator/console.ts';
import { loadConsoleFiles } from './operator/console-files.ts';
import { PROBLEM_MEDIA_TYPE, presentProblem, retryAfter } from './problem.ts';
import type { ProducerSettings } from './settings.ts';

const PROBE_KEPT_MS = 1_000;

export interface RunningProducer {
  /** `http://host:port` of the API. */
  readonly url: string;
  /** Of health, metrics and docs; the same unless they have a listener of their own. */
  readonly operationsUrl: string;
  /** Stops accepting, lets requests in flight finish, closes Redis. Calling it again waits for the same. */
  stop(): Promise<void>;
}

export interface ProducerOptions {
  readonly log: Logger;
  /** ms epoch. @default Date.now */
  readonly now?: () => number;
  /** Against slow clients. @default HTTP_TIMEOUTS */
  readonly timeouts?: HttpTimeouts;
  /** @default off */
  readonly tracing?: Tracing;
  /** Aborting ends the wait for a Redis that cannot be used yet. */
  readonly signal?: AbortSignal;
}

/**
 * Starts the producer: connects, checks that this Redis may be entrusted with verifications, listens. One that cannot be
 * used yet (full, loading, a replica) is waited for; `/livez` and `/readyz` are there meanwhile and say so.
 *
 * @throws {Error} when Redis is not there or not fit, or a port is taken; nothing is left open then
 * @throws the signal's reason
 */
export async function startProducer(
  settings: ProducerSettings,
  {
    log,
    now = Date.now,
    timeouts = HTTP_TIMEOUTS,
    tracing = tracingOff,
    signal = new AbortController().signal,
  }: ProducerOptions,
): Promise<RunningProducer> {
  const connections = connect(settings, log);
  try {
    const version = await awaitRedis(settings, connections, { log, signal });
    const running = await serve(settings, connections, { log, now, timeouts, tracing });
    log.info(
      { event: 'started', url: running.url, operationsUrl: running.operationsUrl, redisVersion: version },
      'producer started',
    );
    return running;
  } catch (error) {
    await Promise.all(connections.map(closeRedis));
    throw error;
  }
}

type ServeOptions = Required<Omit<ProducerOptions, 'signal'>>;

/** @returns the version of Redis */
async function awaitRedis(
  settings: ProducerSettings,
  connections: Connections,
  { log, signal }: Required<Pick<ProducerOptions, 'log' | 'signal'>>,
): Promise<string> {
  const keys = laneKeys(settings.LANE);
  let redis = 'connecting';
  let health: HealthServer | undefined;
  const listen = async () => {
    health ??= await startHealthServer({
      host: settings.OPERATIONS_HOST ?? settings.HOST,
      port: settings.OPERATIONS_PORT ?? settings.PORT,
      registry: createProcessRegistry({ part: 'producer', lane: settings.LANE }),
      readiness: async () => ({ ready: false, detail: { redis } }),
      elsewhere: answerUnavailable,
    });
  };
  let listening: Promise<void> | undefined;
  try {
    return await awaitRedisFit(connections, {
      role: 'request',
      probe: (client) => client.set(keys.writeProbe(), '1', 'PX', PROBE_KEPT_MS),
      signal,
      onWait: (reason) => {
        redis = reason;
        listening ??= listen();
        // A port that is taken is reported when the API listens there.
        listening.catch(() => undefined);
      },
      log,
    });
  } finally {
    await listening?.catch(() => undefined);
    await health?.close();
  }
}

/** A client takes 404 and 405 for the last word; 503 with `Retry-After` asks it to come again. */
function answerUnavailable(response: ServerResponse): void {
  response
    .writeHead(503, { 'content-type': PROBLEM_MEDIA_TYPE, ...retryAfter(1) })
    .end(JSON.stringify(presentProblem('unavailable')));
}

type Connections = readonly [redis: Redis, flowRedis: Redis];

/** Two: the flow's connection is changed by it, and a large upload on it must not delay everybody's reads. */
function connect({ REDIS_URL: url, REDIS_CA_FILE: caFile }: ProducerSettings, log: Logger): Connections {
  const logOf = createOutageLog(log);
  const open = (name: string) => openRedis({ url, caFile, log: logOf(name), name }, 'request');
  return [open('veriqueue-producer'), open('veriqueue-producer-flow')];
}

async function serve(
  settings: ProducerSettings,
  connections: Connections,
  options: ServeOptions,
): Promise<RunningProducer> {
  const keys = laneKeys(settings.LANE);
  const deps = wire(settings, connections, keys, options);
  await awaitQueues(deps);
  const drain = { started: false };
  const operations = {
    ...deps,
    isDraining: () => drain.started,
    console: await prepareConsole(settings.OPERATOR_KEY, deps),
  };
  const separate = settings.OPERATIONS_PORT !== undefined;
  const api = await buildApp(deps, separate ? null : operations);
  const apps = separate
    ? [api, await buildOperationsApp({ ...operations, document: () => api.swagger() })]
    : [api];
  const stop = async () => {
    drain.started = true;
    // Both at once: an open console or a scraper that keeps its connection must not double the time.
    await Promise.all(apps.map((app) => closeWithin(app, DRAIN_DEADLINE_MS)));
    await Promise.all([deps.queues.deliveries.close(), deps.queues.verifications.close(), deps.flow.close()]);
    await Promise.all(connections.map(closeRedis));
  };
  let stopping: Promise<void> | undefined;
  try {
    const url = await api.listen({ host: settings.HOST, port: settings.PORT });
    const operationsUrl =
      (await apps[1]?.listen({
        host: settings.OPERATIONS_HOST ?? settings.HOST,
        port: settings.OPERATIONS_PORT ?? 0,
      })) ?? url;
    return {
      url,
      operationsUrl,
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    await Promise.all(apps.map((app) => app.close()));
    throw error;
  }
}

/** @throws {Error} when it is to be there and its files are not */
async function prepareConsole(operatorKey: string | undefined, deps: AppDeps): Promise<ConsoleDeps | null> {
  if (operatorKey !== undefined) return { ...deps, operatorKey, files: await loadConsoleFiles() };
  deps.log.info({ event: 'console_off' }, 'OPERATOR_KEY is not set: no /console, no /queues');
  return null;
}

/**
 * BullMQ asks Redis for its version now, and refuses everything for good when the answer is late. Building the app keeps a
 * busy machine from reading that answer for a second: so it comes after.
 */
async function awaitQueues({ flow, queues }: AppDeps): Promise<void> {
  await Promise.all([
    flow.ready(),
    queues.deliveries.waitUntilReady(),
    queues.verifications.waitUntilReady(),
  ]);
}

function wire(
  settings: ProducerSettings,
  [redis, flowRedis]: Connections,
  keys: LaneKeys,
  { log, now, timeouts, tracing }: ServeOptions,
): AppDeps {
  const onError = (error: Error) =>
    log.debug({ event: 'queue_error', reason: describeRedisError(error) }, 'a queue lost its connection');
  const openQueue = (name: string) => openJobQueue(redis, keys, name, onError);
  const mib = 1024 * 1024;
  const bodyBudget = createBodyBudget({
    processBytes: settings.MAX_UPLOADS_MIB * mib,
    clientBytes: settings.CLIENT_UPLOADS_MIB * mib,
  });
  const account = accountKeys(settings.LANE);
  const lane = createLaneView({
    redis,
    keys,
    accountKeys: account,
    quotaPerSecond: settings.QUOTA_PER_SECOND,
    now,
  });
  return {
    redis,
    flowRedis,
    flow: createAtomicFlow(flowRedis, keys.queuePrefix, onError, tracing.flowTelemetry),
    queues: { deliveries: openQueue(keys.deliveryQueue), verifications: openQueue(keys.verificationQueue) },
    keys,
    accountKeys: account,
    keyRing: settings.VERIQUEUE_KEYS,
    subjects: redisSubjects,
    lane,
    metrics: createMetrics({ redis, keys, lane, log, now, bodyBudget }),
    bodyBudget,
    rules: {
      maxBacklog: settings.MAX_BACKLOG,
      allowInsecureCallbacks: settings.ALLOW_INSECURE_CALLBACKS,
      allowCheckDigitFailure: settings.ALLOW_CHECK_DIGIT_FAILURE,
      retentionMs: settings.RETENTION,
      maxClientRecords: settings.CLIENT_MAX_RECORDS,
    },
    redeliveryLimits: {
      perMinute: settings.CLIENT_REDELIVERIES_PER_MINUTE,
      open: settings.CLIENT_MAX_REDELIVERIES,
    },
    rate: { perSecond: settings.CLIENT_RATE_PER_SECOND, burst: settings.CLIENT_BURST },
    timeouts,
    sockets: {
      maxPerAddress: settings.MAX_SOCKETS_PER_ADDRESS,
      trustedProxies: settings.TRUSTED_PROXIES ?? [],
    },
    tracing,
    log,
    now,
  };
}

/** Requests in flight finish; past the deadline their connections are cut. */
async function closeWithin(app: FastifyInstance, deadlineMs: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), deadlineMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
