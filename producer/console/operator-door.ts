import type { FastifyRequest } from 'fastify';
import type { Logger } from '../../shared/log.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { createOperatorSessions, SESSION_MS } from './operator-session.ts';
import { isSameOrigin } from './same-origin.ts';
import { createSignInLimit } from './sign-in-limit.ts';

export interface OperatorDoor {
  /**
   * Lets a request pass that carries a session or, as a script does, the operator key itself.
   *
   * @throws {ProblemError} 401, 403 for a change that another page asks for, 429 after too many wrong keys
   */
  admit(request: FastifyRequest): void;
  hasSession(request: FastifyRequest): boolean;
  /** @returns the cookie of a new session. @throws {ProblemError} as `admit` */
  signIn(request: FastifyRequest, key: string): string;
  /** @returns the cookie that ends it */
  signOut(request: FastifyRequest): string;
}

const COOKIE = 'veriqueue_operator';
const BEARER = /^Bearer +(\S+)$/i;
const READING = ['GET', 'HEAD'];

export function createOperatorDoor({
  operatorKey,
  log,
  now,
}: {
  readonly operatorKey: string;
  readonly log: Logger;
  /** ms epoch */
  readonly now: () => number;
}): OperatorDoor {
  const sessions = createOperatorSessions(operatorKey);
  const limit = createSignInLimit(now);

  /** @throws {ProblemError} when the key is wrong, or there were too many wrong ones */
  const checkKey = (request: FastifyRequest, key: string) => {
    const wait = limit.waitSeconds(request.ip);
    if (wait > 0) throw new ProblemError('too_many_requests', { headers: retryAfter(wait) });
    if (sessions.isOperatorKey(key)) return;
    limit.noteFailure(request.ip);
    log.warn({ event: 'operator_refused', address: request.ip }, 'a wrong operator key');
    throw keyRequired();
  };
  const hasSession = (request: FastifyRequest) => sessions.isValid(readCookie(request), now());

  return {
    admit: (request) => {
      const [, key] = BEARER.exec(request.headers.authorization ?? '') ?? [];
      if (key !== undefined) return checkKey(request, key);
      if (!hasSession(request)) throw keyRequired();
      requireOwnPage(request);
    },
    hasSession,
    signIn: (request, key) => {
      requireOwnPage(request);
      checkKey(request, key);
      log.info({ event: 'operator_signed_in', address: request.ip }, 'an operator signed in');
      return writeCookie(request, sessions.begin(now()), SESSION_MS / 1000);
    },
    signOut: (request) => {
      requireOwnPage(request);
      return writeCookie(request, '', 0);
    },
  };
}

function keyRequired(): ProblemError {
  return new ProblemError('operator_key_required', {
    headers: { 'www-authenticate': 'Bearer realm="veriqueue-console"' },
  });
}

/** @throws {ProblemError} when a change is asked for from elsewhere */
function requireOwnPage(request: FastifyRequest): void {
  if (READING.includes(request.method) || isSameOrigin(request.headers)) return;
  throw new ProblemError('foreign_origin');
}

function readCookie(request: FastifyRequest): string {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === COOKIE)?.[1] ?? '';
}

/** For every path, because the queues lie beside the console. A proxy that brings TLS says so in a header. */
function writeCookie(request: FastifyRequest, token: string, seconds: number): string {
  const secure = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', `Max-Age=${seconds}`];
  return [`${COOKIE}=${token}`, ...attributes, ...(secure ? ['Secure'] : [])].join('; ');
}
