import type { FastifyRequest } from 'fastify';

const COOKIE = 'veriqueue_operator';
const TOKEN = /^[\w-]{43}$/;

/** The token of the session that a request carries; null for none, and for what can be none. */
export function readSessionToken(request: FastifyRequest): string | null {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  const token = pairs.find(([name]) => name === COOKIE)?.[1] ?? '';
  return TOKEN.test(token) ? token : null;
}

/** For every path, because the queues lie beside the console. A proxy that brings TLS says so in a header. */
export function writeSessionCookie(request: FastifyRequest, token: string, seconds: number): string {
  const secure = request.protocol === 'https' || forwardedProtocol(request) === 'https';
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', `Max-Age=${seconds}`];
  return [`${COOKIE}=${token}`, ...attributes, ...(secure ? ['Secure'] : [])].join('; ');
}

/** The browser's protocol. Of several proxies each adds its own behind it, on the same line or on one of its own. */
function forwardedProtocol(request: FastifyRequest): string | undefined {
  const forwarded = request.headers['x-forwarded-proto'];
  const first = typeof forwarded === 'string' ? forwarded : forwarded?.[0];
  return first?.split(',')[0]?.trim().toLowerCase();
}
