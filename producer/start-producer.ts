import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { type HealthServer, startHealthServer } from '../shared/health-server.ts';
import { describeListenError, type ListeningPlace } from '../shared/listen-error.ts';
import type { Logger } from '../shared/log.ts';
import { createProcessRegistry } from '../shared/process-metrics.ts';
import { createAudit } from '../shared/store/audit/audit.ts';
import type { EpochKeys } from '../shared/store/epochs/epoch-keys.ts';
import { openEpochKeys } from '../shared/store/epochs/open-epoch-keys.ts';
import { storeKeys } from '../shared/store/keys.ts';
import { type Tracing, tracingOff } from '../shared/tracing/tracing.ts';
import { type AppDeps, buildApp, buildOperationsApp, guardSockets } from './app.ts';
import { createBodyBudget } from './body/body-budget.ts';
import { DRAIN_DEADLINE_MS, HTTP_TIMEOUTS, type HttpTimeouts } from './http-limits.ts';
import {
  awaitFit,
  type Connections,
  closeConnections,
  closeIntake,
  connectIntake,
  createIntake,
} from './intake.ts';
import { createMetrics, type ProducerMetrics } from './metrics.ts';
import type { ConsoleDeps } from './operator/console.ts';
import { loadConsoleFiles } from './operator/console-files.ts';
import { PROBLEM_MEDIA_TYPE, presentProblem, retryAfter } from './problem.ts';
import type { ProducerSettings } from './settings.ts';
import { openTestLane } from './test-lane.ts';

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
  const connections = connectIntake(settings, log);
  try {
    const version = await awaitRedis(settings, connections, { log, signal });
    const running = await serve(settings, connections, { log, now, timeouts, tracing });
    log.info(
      { event: 'started', url: running.url, operationsUrl: running.operationsUrl, redisVersion: version },
      'producer started',
    );
    return running;
  } catch (error) {
    await closeConnections(connections);
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
    return await awaitFit(settings, connections, {
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

async function serve(
  settings: ProducerSettings,
  connections: Connections,
  options: ServeOptions,
): Promise<RunningProducer> {
  const epochs = await openEpochs(settings, connections, options);
  const deps = wire(settings, connections, { ...options, epochs });
  const drain = { started: false };
  const operations = {
    ...deps,
    isDraining: () => drain.started,
    console: await prepareConsole(settings.OPERATOR_KEY, deps),
  };
  const separate = settings.OPERATIONS_PORT !== undefined;
  const testDeps = hasTestLane(settings) ? await openTestLane(settings, deps) : null;
  const guard = guardSockets(deps);
  const tests = testDeps && (await buildApp({ ...testDeps, clientsOf: deps.keys }, null, { guard }));
  const api = await buildApp(deps, separate ? null : operations, {
    guard,
    ...(tests === null ? {} : { tests }),
  });
  const apps = separate
    ? [api, await buildOperationsApp({ ...operations, document: () => api.swagger() })]
    : [api];
  const stop = async () => {
    drain.started = true;
    // Both at once: an open console or a scraper that keeps its connection must not double the time.
    await Promise.all(apps.map((app) => closeWithin(app, DRAIN_DEADLINE_MS)));
    await tests?.close();
    await Promise.all([closeIntake(deps), ...(testDeps === null ? [] : [closeIntake(testDeps)])]);
    await epochs?.close();
  };
  let stopping: Promise<void> | undefined;
  try {
    const [url = '', operationsUrl = url] = await listen(apps, settings);
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

/** @throws {Error} naming the setting of a port that is taken, or of an address that is not there */
async function listen(apps: readonly FastifyInstance[], settings: ProducerSettings): Promise<string[]> {
  const { HOST, PORT, OPERATIONS_HOST, OPERATIONS_PORT } = settings;
  const places: readonly ListeningPlace[] = [
    { host: HOST, port: PORT, hostVariable: 'HOST', portVariable: 'PORT' },
    {
      host: OPERATIONS_HOST ?? HOST,
      port: OPERATIONS_PORT ?? 0,
      hostVariable: OPERATIONS_HOST === undefined ? 'HOST' : 'OPERATIONS_HOST',
      portVariable: 'OPERATIONS_PORT',
    },
  ];
  const urls: string[] = [];
  for (const place of places) {
    const app = apps[urls.length];
    if (app === undefined) break;
    urls.push(
      await app.listen({ host: place.host, port: place.port }).catch((error: unknown) => {
        throw describeListenError(error, place);
      }),
    );
  }
  return urls;
}

/** @throws {Error} when it is to be there and its files are not */
async function prepareConsole(operatorKey: string | undefined, deps: AppDeps): Promise<ConsoleDeps | null> {
  if (operatorKey !== undefined) return { ...deps, operatorKey, files: await loadConsoleFiles() };
  deps.log.info({ event: 'console_off' }, 'OPERATOR_KEY is not set: no /console, no /queues');
  return null;
}

function wire(
  settings: ProducerSettings,
  connections: Connections,
  { log, now, timeouts, tracing, epochs }: ServeOptions & { readonly epochs: EpochKeys | null },
): AppDeps {
  const mib = 1024 * 1024;
  const bodyBudget = createBodyBudget({
    processBytes: settings.MAX_UPLOADS_MIB * mib,
    clientBytes: settings.CLIENT_UPLOADS_MIB * mib,
  });
  let noteTry: ProducerMetrics['notePhotoStoreTry'] = () => undefined;
  const intake = createIntake(settings, connections, {
    log,
    now,
    tracing,
    epochs,
    onPhotoStoreTry: (made) => noteTry(made),
  });
  const metrics = createMetrics({ ...intake, log, bodyBudget });
  noteTry = metrics.notePhotoStoreTry;
  const hasObjectStore = settings.PHOTO_STORE.some((place) => place !== 'redis');
  return {
    ...intake,
    audit: createAudit({ ...intake, signingKey: settings.SIGNING_KEYS?.newest ?? null, log }),
    auditRetentionMs: settings.AUDIT_RETENTION,
    clientsOf: null,
    testKeys: settings.TEST_LANE === undefined ? null : storeKeys(settings.TEST_LANE),
    hasObjectStore,
    keptByProducer: {
      retentionMs: settings.RETENTION,
      auditRetentionMs: settings.AUDIT_RETENTION,
      hasObjectStore,
      sharesLogs: settings.LOG_SHARING,
    },
    metrics,
    bodyBudget,
    redeliveryLimits: {
      perMinute: settings.CLIENT_REDELIVERIES_PER_MINUTE,
      open: settings.CLIENT_MAX_REDELIVERIES,
    },
    maxEndpoints: settings.CLIENT_MAX_ENDPOINTS,
    maxApiKeys: settings.CLIENT_MAX_API_KEYS,
    signingKeys: settings.SIGNING_KEYS,
    timeouts,
    sockets: {
      maxPerAddress: settings.MAX_SOCKETS_PER_ADDRESS,
      trustedProxies: settings.TRUSTED_PROXIES ?? [],
    },
    tracing,
    log,
  };
}

async function openEpochs(
  { EPOCH_KEYS_REDIS_URL: url }: ProducerSettings,
  [main]: Connections,
  { log }: ServeOptions,
): Promise<EpochKeys | null> {
  return url === undefined ? null : openEpochKeys({ url, role: 'request', main, log });
}

function hasTestLane(settings: ProducerSettings): settings is ProducerSettings & { TEST_LANE: string } {
  return settings.TEST_LANE !== undefined;
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
