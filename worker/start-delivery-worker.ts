import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { privateKeysOf } from '../shared/signing/signing-keys.ts';
import type { ClientReading } from '../shared/store/clients/client.ts';
import { readReceiverOwner } from '../shared/store/push/operator-endpoints.ts';
import { keepLock } from '../shared/store/queue/keep-lock.ts';
import { createDeliveryDispatcher, type DeliveryDispatcher } from '../shared/webhook/guarded-connector.ts';
import { createPoster } from '../shared/webhook/post-event.ts';
import { createDnsResolve, resolveWithSystem } from '../shared/webhook/resolve-host.ts';
import type { WorkerContext } from './context.ts';
import { processDelivery } from './delivery/delivery-processor.ts';
import { defaultDeliverySchedule } from './delivery/delivery-schedule.ts';
import { defaultEndpointPolicy } from './delivery/endpoint-admission.ts';
import { createEndpointLimiter, type EndpointLimiter } from './delivery/endpoint-limiter.ts';
import { createEndpointStore } from './delivery/endpoint-store.ts';
import { giveUp } from './delivery/give-up.ts';
import { restoreJobData } from './job/restore-job-data.ts';
import { createJobRunner, defaultErrorPolicy } from './job/run-job.ts';
import { registerEndpointGauges } from './metrics.ts';
import { announceLane } from './push/announce-lane.ts';
import { startPushing } from './push/start-pushing.ts';
import type { QueueConsumer } from './queue-consumer.ts';
import { awaitConnected, createQueueWorker, lockOf, startClaiming } from './queue-worker.ts';

const TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
const DNS_TIMEOUT_MS = 2_000;
const USER_AGENT = 'veriqueue (+https://www.standardwebhooks.com)';
/** A rotated secret signs this much later at the latest. */
const CLIENT_STALE_AFTER_MS = 2_000;

/** Puts the delivery processor together and starts claiming. */
export async function startDeliveryWorker(context: WorkerContext): Promise<QueueConsumer> {
  const { settings, keys, log, now, metrics } = context;
  // Not the connection that photos come over: an event would wait behind them. And what BullMQ and the records write in one
  // turn leaves together.
  const redis = context.queueRedis;
  const dispatcher = openDispatcher(context);
  const shutdown = new AbortController();
  // One listener per job in flight is no leak.
  setMaxListeners(0, shutdown.signal);
  const limiter = openLimiter(context);
  const findClient = cached((clientId) => readReceiverOwner(context, clientId, now()), now);
  const shared = openSending(context, dispatcher);
  const pushing = startPushing({
    ...shared,
    owner: context.workerId,
    readClient: findClient,
    announceLane: () => announceLane({ redis, keys, now }),
  });
  const deps = {
    ...shared,
    audit: context.audit,
    readClient: async (clientId: string) => {
      const reading = await findClient(clientId);
      // Its event is in the feed by now.
      if (reading.status === 'found') pushing.note(reading.client);
      return reading;
    },
    endpoints: createEndpointStore(redis, keys, now),
    limiter,
    retentionMs: settings.RETENTION,
    tracing: context.tracing,
  };
  const worker = createQueueWorker({
    workerId: context.workerId,
    queue: keys.deliveryQueue,
    prefix: keys.queuePrefix,
    connection: context.queueRedis,
    concurrency: settings.DELIVERY_CONCURRENCY,
    metrics,
    writes: context.writes,
    log,
    shutdown: shutdown.signal,
    run: createJobRunner({
      process: (job, run) => processDelivery(deps, job, run),
      restore: (id) => restoreJobData(context.redis, keys, id),
      giveUp: (id) => giveUp({ redis, keys }, id, now()),
      keepLock: (job, token) => keepLock(redis, lockOf(keys, job, token)),
      writes: context.writes,
      errors: defaultErrorPolicy,
      metrics,
      pauseClaims: (forMs) => worker.rateLimit(forMs),
      log,
      now,
    }),
  });
  await awaitConnected(worker);
  const ended = startClaiming(worker, log);
  const close = async () => {
    await pushing.stop();
    await dispatcher.close();
  };
  return { worker, ended, abort: (reason) => shutdown.abort(reason), close };
}

/** What sending to callbacks and to endpoints needs alike. */
function openSending(context: WorkerContext, dispatcher: DeliveryDispatcher) {
  const { settings, keys, writes, metrics, log, now, random, queueRedis: redis } = context;
  const post = createPoster({ dispatcher, timeoutMs: TIMEOUT_MS, userAgent: USER_AGENT, now });
  const signingKeys = privateKeysOf(settings.SIGNING_KEYS);
  const schedule = { ...defaultDeliverySchedule, delaysMs: settings.DELIVERY_SCHEDULE };
  const { keyRing } = context;
  const warnedAt = new Map<string, number>();
  return { redis, keys, keyRing, warnedAt, writes, metrics, log, now, random, post, signingKeys, schedule };
}

function openDispatcher({ settings, log }: WorkerContext): DeliveryDispatcher {
  const allowInsecure = settings.ALLOW_INSECURE_CALLBACKS;
  return createDeliveryDispatcher({
    resolve: allowInsecure ? resolveWithSystem : createDnsResolve({ timeoutMs: DNS_TIMEOUT_MS }),
    allowInsecure,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    connectionsPerOrigin: settings.DELIVERY_CONCURRENCY,
    onRefusal: (hostname, reason) =>
      log.warn({ event: 'callback_refused', hostname, reason }, 'the address of a callback is not allowed'),
  });
}

function openLimiter({ log, now, random, metrics }: WorkerContext): EndpointLimiter {
  const limiter = createEndpointLimiter({
    policy: defaultEndpointPolicy,
    now,
    random,
    onBreakerChange: (endpoint, status) => logBreaker(log, endpoint, status),
  });
  registerEndpointGauges(metrics.registry, limiter.count);
  return limiter;
}

/** One line when an endpoint stops answering and one when it answers again, not one per delivery that is parked. */
function logBreaker(log: Logger, endpoint: string, status: 'open' | 'closed'): void {
  if (status === 'open')
    log.warn(
      { event: 'endpoint_unresponsive', endpoint },
      'an endpoint does not answer: it gets probes only',
    );
  else log.info({ event: 'endpoint_responsive', endpoint }, 'an endpoint answers again');
}

function cached(
  read: (clientId: string) => Promise<ClientReading>,
  now: () => number,
): (clientId: string) => Promise<ClientReading> {
  const known = new Map<string, { readonly reading: Promise<ClientReading>; readonly at: number }>();
  return (clientId) => {
    const found = known.get(clientId);
    if (found && now() - found.at < CLIENT_STALE_AFTER_MS) return found.reading;
    if (known.size > 10_000) known.clear();
    const reading = read(clientId);
    known.set(clientId, { reading, at: now() });
    reading.catch(() => known.delete(clientId));
    return reading;
  };
}
