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
/** Its own scripts and styles from its own files, and its own data: nothing inline, nothing from elsewhere. */
const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');
/** Bull Board sets styles inline, and the base of its links. */
const QUEUES_POLICY = DOCS_POLICY.replace("base-uri 'none'", "base-uri 'self'");

/** @param path the route's pattern */
export function securityHeaders(path: string): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': policyOf(path),
    // Answers are about persons: no cache in between may keep them.
    ...(path.startsWith('/docs') ? {} : { 'cache-control': 'no-store' }),
  };
}

function policyOf(path: string): string {
  if (path.startsWith('/docs')) return DOCS_POLICY;
  if (path.startsWith('/queues')) return QUEUES_POLICY;
  return path.startsWith('/console') ? CONSOLE_POLICY : DATA_POLICY;
}

export function addSecurityHeaders(app: FastifyInstance): void {
  // By route, of which there are some dozens.
  const known = new Map<string, Readonly<Record<string, string>>>();
  app.addHook('onSend', (request, reply, _payload, done) => {
    const path = request.routeOptions.url ?? '';
    const headers = known.get(path) ?? securityHeaders(path);
    known.set(path, headers);
    reply.headers(headers);
    done();
  });
}
