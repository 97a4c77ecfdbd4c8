import type { FastifyInstance } from 'fastify';

/**
 * The docs page runs its own scripts from its own files; only its styles are partly inline. Everything else serves
 * data, which may load nothing at all.
 */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply) => {
    const path = request.routeOptions.url ?? '';
    reply.headers({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': path.startsWith('/docs') ? DOCS_POLICY : DATA_POLICY,
    });
    // Answers are about persons, whoever stands between.
    if (!path.startsWith('/docs')) reply.header('cache-control', 'no-store');
  });
}
