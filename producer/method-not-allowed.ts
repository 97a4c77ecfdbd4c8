import type { FastifyInstance, HTTPMethods } from 'fastify';
import { ProblemError } from './problem.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const satisfies HTTPMethods[];

/** Of a route that takes no request: any key may learn that. */
export const REFUSED_METHOD = 'refuseMethod';

/**
 * Answers 405 with `Allow` for the methods a path does not take (RFC 9110, section 15.5.6); the framework alone would
 * say 404. Call it after all routes of the app are registered.
 *
 * @param routes path → methods it takes
 */
export function refuseOtherMethods(
  app: FastifyInstance,
  routes: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  // A copy: what is registered here is noted like any other route.
  const known = [...routes].map(([url, methods]) => ({ url, taken: new Set(methods) }));
  for (const { url, taken } of known) {
    const method = METHODS.filter((name) => !taken.has(name));
    if (method.length === 0) continue;
    app.route({
      method,
      url,
      schema: { hide: true, operationId: REFUSED_METHOD },
      // In a hook and not in the handler: the body is none of our business, nor its type.
      onRequest: async () => {
        throw new ProblemError('method_not_allowed', { headers: { allow: [...taken].sort().join(', ') } });
      },
      handler: () => undefined,
    });
  }
}

/** Notes the routes an app registers from now on; see {@link refuseOtherMethods}. */
export function collectRoutes(app: FastifyInstance): Map<string, Set<string>> {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    // These plug-ins register their pages under two spellings of one path; what they do not take stays unknown.
    if (url.startsWith('/docs') || url.startsWith('/queues')) return;
    const taken = routes.get(url) ?? new Set<string>();
    for (const name of [method].flat()) taken.add(name);
    routes.set(url, taken);
  });
  return routes;
}
