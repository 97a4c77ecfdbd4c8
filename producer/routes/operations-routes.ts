import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { LaneView } from '../lane-view.ts';
import type { ProducerMetrics } from '../metrics.ts';
import { addConsole, type ConsoleDeps } from '../operator/console.ts';

export interface OperationsDeps {
  readonly redis: Redis;
  /** Submissions go through it. */
  readonly flowRedis: Redis;
  readonly lane: LaneView;
  readonly metrics: ProducerMetrics;
  readonly isDraining: () => boolean;
  /** The OpenAPI document. */
  readonly document: () => object;
  /** Null: there is no operator key, and so no console. */
  readonly console: ConsoleDeps | null;
}

const hidden = { schema: { hide: true } } as const;

/** What operators and their machines look at, without a key but for the console: kept off the public listener where that matters. */
export async function addOperationsRoutes(app: FastifyInstance, deps: OperationsDeps): Promise<void> {
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
    uiConfig: { docExpansion: 'list', deepLinking: true },
  });
  if (deps.console) await addConsole(app, deps.console);
}

/** A held lane is ready: it accepts, and answers later. */
async function describeReadiness({ redis, flowRedis, lane, isDraining }: OperationsDeps) {
  if (isDraining()) return { ready: false, status: 'draining' };
  try {
    // Not through the view alone: that may be 200 ms old.
    const [overview] = await Promise.all([lane.read(), redis.ping(), flowRedis.ping()]);
    const { status, reason, backlog } = overview;
    return { ready: true, status: 'ready', redis: 'ready', lane: { status, reason, backlog: backlog.total } };
  } catch {
    return { ready: false, status: 'not_ready', redis: 'unreachable' };
  }
}
