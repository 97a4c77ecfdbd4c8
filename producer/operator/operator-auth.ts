import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Logger } from '../../shared/log.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { createConsoleSessions, SESSION_MS } from '../../shared/store/operators/console-sessions.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { createOperatorKey } from './operator-key.ts';
import { isSameOrigin } from './same-origin.ts';
import { createSessionWatch } from './session-watch.ts';
import { createWrongKeyLimit } from './wrong-key-limit.ts';

export interface OperatorAuth {
  /**
   * Lets a request pass that carries a session or, as a script does, the operator key itself.
   *
   * @throws {ProblemError} 401, 403 for a change that another page asks for, 429 for a wrong key after too many of them
   * @throws errors of Redis, which knows the sessions
   */
  admit(request: FastifyRequest): Promise<void>;
  hasSession(request: FastifyRequest): Promise<boolean>;
  /** What can be judged before a key is read: so nothing is read for another page. @throws {ProblemError} 403 */
  admitSignIn(request: FastifyRequest): void;
  /** @returns the cookie of a new session. @throws {ProblemError} as `admit` */
  signIn(request: FastifyRequest, key: string): Promise<string>;
  /** Ends this session or all of them, on every producer, with their event streams. @returns the cookie that is none */
  signOut(request: FastifyRequest, which: 'this' | 'all'): Promise<string>;
  /**
   * Calls `end` when the session of an admitted request is over.
   *
   * @returns forgets it; a request with the operator key itself has no session, and is never ended
   */
  follow(request: FastifyRequest, end: () => void): () => void;
  stop(): void;
}

const COOKIE = 'veriqueue_operator';
const BEARER = /^Bearer +(\S+)$/i;
const READING = ['GET', 'HEAD'];
const TOKEN = /^[\w-]{43}$/;

export interface OperatorAuthDeps {
  readonly operatorKey: string;
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly log: Logger;
  /** ms epoch */
  readonly now: () => number;
}

export function createOperatorAuth({ operatorKey, redis, keys, log, now }: OperatorAuthDeps): OperatorAuth {
  const key = createOperatorKey(operatorKey);
  const sessions = createConsoleSessions(redis, keys);
  const watch = createSessionWatch({ isLive: (id) => sessions.isLive(id, now()), log });
  const checkKey = createKeyCheck(key.matches, log, now);
  const sessionOf = (request: FastifyRequest): string | null => {
    const token = readCookie(request);
    return TOKEN.test(token) ? key.sessionId(token) : null;
  };
  const hasSession = async (request: FastifyRequest) => {
    const id = sessionOf(request);
    return id !== null && (await sessions.isLive(id, now()));
  };

  return {
    admit: async (request) => {
      const sent = readKey(request);
      if (sent !== undefined) return checkKey(request, sent);
      if (!(await hasSession(request))) throw keyRequired();
      requireOwnPage(request);
    },
    hasSession,
    admitSignIn: requireOwnPage,
    signIn: async (request, sent) => {
      requireOwnPage(request);
      checkKey(request, sent);
      const token = randomBytes(32).toString('base64url');
      await sessions.begin(key.sessionId(token), now());
      log.info({ event: 'operator_signed_in', address: request.ip }, 'an operator signed in');
      return writeCookie(request, token, SESSION_MS / 1000);
    },
    signOut: async (request, which) => {
      requireOwnPage(request);
      const id = sessionOf(request);
      if (which === 'all') await sessions.endAll(now());
      else if (id !== null) await sessions.end(id);
      if (id !== null) watch.ended(id);
      await watch.look();
      log.info({ event: 'operator_signed_out', address: request.ip, which }, 'an operator signed out');
      return writeCookie(request, '', 0);
    },
    follow: (request, end) => {
      const id = readKey(request) === undefined ? sessionOf(request) : null;
      return id === null ? () => undefined : watch.follow(id, end);
    },
    stop: watch.stop,
  };
}

/** The right key passes at once, whatever was tried before. */
function createKeyCheck(matches: (text: string) => boolean, log: Logger, now: () => number) {
  const limit = createWrongKeyLimit(now);
  /** @throws {ProblemError} when the key is wrong */
  return (request: FastifyRequest, sent: string): void => {
    if (matches(sent)) return;
    const { waitSeconds, first } = limit.noteFailure(request.ip);
    if (waitSeconds === 0) {
      log.warn({ event: 'operator_refused', address: request.ip }, 'a wrong operator key');
      throw keyRequired();
    }
    if (first) {
      log.warn(
        { event: 'operator_refused_often', address: request.ip, waitSeconds },
        'many wrong operator keys',
      );
    }
    throw new ProblemError('too_many_requests', { headers: retryAfter(waitSeconds) });
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

function readKey(request: FastifyRequest): string | undefined {
  const [, key] = BEARER.exec(request.headers.authorization ?? '') ?? [];
  return key;
}

function readCookie(request: FastifyRequest): string {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === COOKIE)?.[1] ?? '';
}

/** For every path, because the queues lie beside the console. A proxy that brings TLS says so in a header. */
function writeCookie(request: FastifyRequest, token: string, seconds: number): string {
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
