import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OpenSpan, Tracing } from '../shared/tracing/tracing.ts';
import { clientOf } from './request-state.ts';

/**
 * A span per request that may put something into the queues, as a part of the client's trace if it sent a `traceparent`.
 * Reads are left out: a client's polling would bury the rest. Register it behind authentication: no other caller may make
 * us export anything.
 */
export function traceRequests(
  app: FastifyInstance,
  { tracing, now }: { readonly tracing: Tracing; readonly now: () => number },
): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  app.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url;
    if (request.method !== 'POST' || !route?.startsWith('/v1/')) return done();
    const span = tracing.begin(`POST ${route}`, {
      kind: 'server',
      parent: parentOf(request),
      startedAt: now() - reply.elapsedTime,
      attributes: () => ({
        'http.request.method': 'POST',
        'http.route': route,
        'veriqueue.client.id': clientOf(request).id,
      }),
    });
    spans.set(request, span);
    done();
  });
  // With a callback: what follows, the handler included, runs inside the call of `done`.
  app.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) span.activate(done);
    else done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    if (!span) return done();
    span.set({ 'http.response.status_code': reply.statusCode });
    if (request.problemCode !== null) span.set({ 'veriqueue.problem': request.problemCode });
    if (reply.statusCode >= 500) span.fail(String(reply.statusCode));
    span.end();
    done();
  });
  app.addHook('onRequestAbort', async (request) => {
    const span = spans.get(request);
    span?.fail('client_disconnected');
    span?.end();
  });
}

function parentOf({ headers: { traceparent } }: FastifyRequest): string | null {
  return typeof traceparent === 'string' ? traceparent : null;
}
