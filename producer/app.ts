import type { RequestListener } from 'node:http';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from '../shared/log.ts';
import type { SigningKeys } from '../shared/signing/signing-keys.ts';
import type { Audit } from '../shared/store/audit/audit.ts';
import type { StoreKeys } from '../shared/store/keys.ts';
import type { ProcessSettings } from '../shared/store/processing-settings.ts';
import type { Tracing } from '../shared/tracing/tracing.ts';
import { authenticateRequests } from './access/authenticate-requests.ts';
import { acceptBodies } from './body/accept-bodies.ts';
import type { BodyBudget } from './body/body-budget.ts';
import { handleErrors, makeFrameworkErrorHandler } from './error-handling.ts';
import { type HttpTimeouts, MAX_CONNECTIONS, SMALL_BODY_BYTES } from './http-limits.ts';
import type { Intake } from './intake.ts';
import { collectRoutes, refuseOtherMethods } from './method-not-allowed.ts';
import type { ProducerMetrics } from './metrics.ts';
import { describeApi } from './openapi/describe-api.ts';
import { ProblemError, retryAfter } from './problem.ts';
import { limitSubmissions } from './rate-limit.ts';
import type { RedeliveryLimits } from './redelivery-limit.ts';
import { decorateRequests } from './request-state.ts';
import { addApiKeyRoutes } from './routes/api-keys.ts';
import { addCallbackRoutes } from './routes/callback.ts';
import { addEndpointRoutes } from './routes/endpoints.ts';
import { addEventDeliveryRoute } from './routes/event-deliveries.ts';
import { addFeedRoute } from './routes/feed.ts';
import { addKeySetRoute } from './routes/key-set.ts';
import { addLaneRoutes } from './routes/lane-routes.ts';
import { addOperationsRoutes, type OperationsDeps } from './routes/operations-routes.ts';
import { addProblemRoutes } from './routes/problem-routes.ts';
import { addReceiptRoute } from './routes/receipt.ts';
import { addRedeliverRoute } from './routes/redeliver.ts';
import { addRedeliverRangeRoute } from './routes/redeliver-range.ts';
import { addSubmissionRoutes } from './routes/submission-routes.ts';
import { addTestEventRoutes } from './routes/test-event.ts';
import { addUploadRoutes } from './routes/upload-routes.ts';
import { addUsageRoute } from './routes/usage.ts';
import { addVerificationRoutes } from './routes/verification-routes.ts';
import { addSecurityHeaders } from './security-headers.ts';
import { createHttpServer } from './sockets/http-server.ts';
import { createSocketGuard, type SocketGuard, type SocketGuardOptions } from './sockets/socket-guard.ts';
import { traceRequests } from './trace-requests.ts';

export interface AppDeps extends Intake {
  readonly audit: Audit;
  /** How long entries of the audit trail and receipts are kept, ms. */
  readonly auditRetentionMs: number;
  /** Of the app for test keys: the lane in which the clients are. Null: this is the app for live keys. */
  readonly clientsOf: StoreKeys | null;
  /** Of the lane for test keys; null where this deployment has none. */
  readonly testKeys: StoreKeys | null;
  /** Whether photos may lie outside Redis. */
  readonly hasObjectStore: boolean;
  /** Which settings of this process say what is kept. */
  readonly keptByProducer: Omit<ProcessSettings, 'subjectTtlMs'>;
  readonly metrics: ProducerMetrics;
  readonly redeliveryLimits: RedeliveryLimits;
  /** That one client may have beside its callback. */
  readonly maxEndpoints: number;
  /** Live API keys that one client may have, and as many test keys. */
  readonly maxApiKeys: number;
  /** Their public halves are published. */
  readonly signingKeys: SigningKeys | undefined;
  readonly timeouts: HttpTimeouts;
  /** Shared by all listeners of the process. */
  readonly bodyBudget: BodyBudget;
  readonly sockets: Pick<SocketGuardOptions, 'maxPerAddress' | 'trustedProxies'>;
  readonly tracing: Tracing;
  readonly log: Logger;
}

/** What an app shares with another one on the same listener. */
interface Shared {
  /** Requests with a test key are this app's. */
  readonly tests?: FastifyInstance;
  /** Of the listener that the requests come from. @default one of the app's own */
  readonly guard?: SocketGuard;
}

/**
 * The API under `/v1`.
 *
 * @param operations given, the operators' routes are served by the same app
 */
export async function buildApp(
  deps: AppDeps,
  operations: Omit<OperationsDeps, 'document'> | null,
  shared: Shared = {},
): Promise<FastifyInstance> {
  const app = createServer(deps, shared);
  const routes = collectRoutes(app);
  await describeApi(app, { isServedHere: operations !== null });
  authenticateRequests(app, deps);
  traceRequests(app, deps);
  limitSubmissions(app, deps);
  addSubmissionRoutes(app, deps, deps.metrics);
  addUploadRoutes(app, deps);
  addVerificationRoutes(app, { ...deps, retentionMs: deps.rules.retentionMs });
  addReceiptRoute(app, deps);
  addRedeliverRoute(app, deps);
  addFeedRoute(app, deps);
  addEventDeliveryRoute(app, deps);
  addEndpointRoutes(app, deps);
  addCallbackRoutes(app, deps);
  addTestEventRoutes(app, deps);
  addRedeliverRangeRoute(app, deps);
  addApiKeyRoutes(app, deps);
  addLaneRoutes(app, deps);
  addUsageRoute(app, deps);
  addKeySetRoute(app, deps);
  addProblemRoutes(app);
  if (operations) await addOperationsRoutes(app, { ...operations, document: () => app.swagger() });
  refuseOtherMethods(app, routes);
  await app.ready();
  return app;
}

/** The operators' routes on a listener of their own. */
export async function buildOperationsApp(deps: OperationsDeps & ServerDeps): Promise<FastifyInstance> {
  const app = createServer(deps);
  const routes = collectRoutes(app);
  await app.register(swagger, { mode: 'static', specification: { document: deps.document() as never } });
  addProblemRoutes(app);
  await addOperationsRoutes(app, deps);
  refuseOtherMethods(app, routes);
  await app.ready();
  return app;
}

type ServerDeps = Pick<AppDeps, 'log' | 'metrics' | 'timeouts' | 'bodyBudget' | 'sockets'>;

/** Counts the connections of a listener, and turns away those that are too many. */
export function guardSockets({ metrics, sockets }: Pick<ServerDeps, 'metrics' | 'sockets'>): SocketGuard {
  const guard = createSocketGuard({
    ...sockets,
    maxSockets: MAX_CONNECTIONS,
    onTurnedAway: metrics.countTurnedAway,
    monotonic: () => performance.now(),
  });
  metrics.watchSockets(guard.counts);
  return guard;
}

function createServer(deps: ServerDeps, { tests, guard = guardSockets(deps) }: Shared = {}): FastifyInstance {
  const { log, metrics, timeouts, bodyBudget: budget, sockets } = deps;
  const app = Fastify({
    // Requests are logged by us, as routes and statuses: the framework's serializers log URLs and errors with bodies.
    logger: false,
    serverFactory: (handler) => createHttpServer(splitTests(handler, tests), { timeouts, guard }),
    // Their word is taken for who a request comes from; see `request.ip`.
    trustProxy: sockets.trustedProxies.length > 0 ? [...sockets.trustedProxies] : false,
    clientErrorHandler: () => undefined,
    frameworkErrors: makeFrameworkErrorHandler(log),
    // While draining, requests on open connections are served like any other; new connections are not taken.
    return503OnClosing: false,
    bodyLimit: SMALL_BODY_BYTES,
  });
  // The handlers judge what was parsed: one door for JSON and multipart, and one form of errors. Types hold what is answered.
  app.setValidatorCompiler(() => (value) => ({ value }));
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  decorateRequests(app);
  handleErrors(app, log);
  refuseExcess(app, guard);
  acceptBodies(app, { budget, stallMs: timeouts.bodyStallMs });
  addSecurityHeaders(app);
  watchRequests(app, log, metrics);
  app.addHook('preClose', async () => guard.drain());
  return app;
}

/** By the beginning of the key alone, before anything of the request is read. */
function splitTests(handler: RequestListener, tests: FastifyInstance | undefined): RequestListener {
  if (tests === undefined) return handler;
  return (request, response) => {
    if (TEST_KEY.test(request.headers.authorization ?? '')) tests.routing(request, response);
    else handler(request, response);
  };
}

const TEST_KEY = /^Bearer +vq_test_/i;

/** On a connection that its address has too many of. */
function refuseExcess(app: FastifyInstance, guard: SocketGuard): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!guard.isRefused(request.raw.socket)) return done();
    done(new ProblemError('too_many_connections', { headers: { ...retryAfter(1), connection: 'close' } }));
  });
}

function watchRequests(app: FastifyInstance, log: Logger, metrics: ProducerMetrics): void {
  const finished = new WeakSet<FastifyRequest>();
  app.addHook('onResponse', (request, reply, done) => {
    finished.add(request);
    const answered = {
      method: request.method,
      route: request.routeOptions.url ?? 'unmatched',
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    };
    metrics.countRequest(answered);
    log.debug(
      { event: 'request', ...answered, problem: request.problemCode ?? undefined },
      'request answered',
    );
    done();
  });
  // The client went away: its doing, and no answer of ours. Who has been answered may leave while still sending.
  app.addHook('onRequestAbort', async (request) => {
    if (finished.has(request)) return;
    const aborted = { method: request.method, route: request.routeOptions.url ?? 'unmatched' };
    metrics.countAbort(aborted);
    log.debug({ event: 'request_aborted', ...aborted }, 'the client closed the connection before its answer');
  });
}
