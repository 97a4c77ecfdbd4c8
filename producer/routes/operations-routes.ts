import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { explainAbsence } from '../../shared/store/redis/connection-trouble.ts';
import { classifyRedisError, describeRedisError } from '../../shared/store/redis/failure.ts';
import { probeWrites } from '../../shared/store/redis/probe-writes.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { SubjectStore } from '../../shared/store/subjects/subject-store.ts';
import { within } from '../../shared/within.ts';
import type { LaneView } from '../lane-view.ts';
import type { ProducerMetrics } from '../metrics.ts';
import { addConsole, type ConsoleDeps } from '../operator/console.ts';

export interface OperationsDeps {
  readonly redis: Redis;
  /** Submissions go through it. */
  readonly flowRedis: Redis;
  readonly keys: StoreKeys;
  readonly lane: LaneView;
  /** Reported, and no reason to take this producer out of use: it answers everything but submissions. */
  readonly subjects: Pick<SubjectStore, 'check'>;
  readonly metrics: ProducerMetrics;
  readonly isDraining: () => boolean;
  /** The OpenAPI document. */
  readonly document: () => object;
  /** Null: there is no operator key, and so no console. */
  readonly console: ConsoleDeps | null;
}

const hidden = { schema: { hide: true } } as const;

/** A browser goes on to the page at once; this is what curl shows. */
const WHERE_TO_LOOK =
  'Veriqueue. Calls are described at /docs/ for people, and at /openapi.json for programs.\n';

/** In the place of the page's own. */
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><text y="27" font-family="sans-serif" font-size="22" font-weight="600" fill="#fff">Veriqueue</text></svg>';

/** What operators and their machines look at, without a key but for the console: kept off the public listener where that matters. */
export async function addOperationsRoutes(app: FastifyInstance, deps: OperationsDeps): Promise<void> {
  app.get('/', hidden, async (_request, reply) =>
    reply.code(303).header('location', '/docs/').type('text/plain; charset=utf-8').send(WHERE_TO_LOOK),
  );
  app.get('/livez', hidden, async () => ({ status: 'live' }));
  app.get('/readyz', hidden, async (_request, reply) => {
    const { ready, ...detail } = await describeReadiness(deps);
    return reply.code(ready ? 200 : 503).send(detail);
  });
  app.get('/metrics', hidden, async (_request, reply) =>
    reply.type(deps.metrics.registry.contentType).send(await deps.metrics.registry.metrics()),
  );
  app.get('/openapi.json', hidden, async () => deps.document());
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: 'Veriqueue' },
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO), href: '/docs/', target: '_self' },
    uiConfig: { docExpansion: 'list', deepLinking: true },
  });
  if (deps.console) await addConsole(app, deps.console);
}

/** A store that is slow to answer does not hold a probe up. */
const PHOTO_STORE_WITHIN_MS = 500;

/** A held lane is ready: it accepts, and answers later. */
async function describeReadiness(deps: OperationsDeps) {
  const { redis, flowRedis, keys, lane, subjects, isDraining } = deps;
  if (isDraining()) return { ready: false, status: 'draining' };
  try {
    // Not through the view alone: that may be 200 ms old. Written, and not asked: a connection that a failover has left with a
    // replica answers every question, and finds the new primary by the first write that is refused.
    const photos = within(PHOTO_STORE_WITHIN_MS, subjects.check());
    const [overview] = await Promise.all([
      lane.read(),
      probeWrites(redis, keys),
      probeWrites(flowRedis, keys),
    ]);
    const { status, reason, backlog } = overview;
    const state = await photos;
    return {
      ready: true,
      status: 'ready',
      redis: 'ready',
      photoStore: state === 'expired' ? 'away' : state.status,
      lane: { status, reason, backlog: backlog.total },
    };
  } catch (error) {
    return { ready: false, status: 'not_ready', redis: describeUnready(deps, error) };
  }
}

/** What Redis refuses with, or why it is not there. */
function describeUnready({ redis, flowRedis }: OperationsDeps, error: unknown): string {
  if (classifyRedisError(error) === 'refused') return describeRedisError(error);
  const away = [redis, flowRedis].find(({ status }) => status !== 'ready');
  return away === undefined ? 'unreachable' : explainAbsence(away);
}
