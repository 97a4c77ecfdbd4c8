import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Logger } from '../../shared/log.ts';
import { createConsoleSessions, SESSION_MS } from '../../shared/store/operators/console-sessions.ts';
import type { OperatorIdentity } from '../../shared/store/operators/operators.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { createOperatorAccess, readKey } from './operator-access.ts';
import {
  createOperatorKeys,
  type KeyHolder,
  type OperatorKeys,
  type OperatorKeysDeps,
} from './operator-key.ts';
import { isSameOrigin } from './same-origin.ts';
import { writeSessionCookie } from './session-cookie.ts';
import { createSessionWatch } from './session-watch.ts';
import { createWrongKeyLimit } from './wrong-key-limit.ts';

export interface OperatorAuth {
  /**
   * Lets a request pass that carries a session or, as a script does, an operator key itself, and that its operator may
   * make.
   *
   * @throws {ProblemError} 401, 403 for a change that another page asks for or a read-only operator, 429 for a wrong key
   *   after too many of them
   * @throws errors of Redis, which knows sessions and keys
   */
  admit(request: FastifyRequest): Promise<void>;
  /** The operator of an admitted request. */
  operatorOf(request: FastifyRequest): OperatorIdentity;
  /** The operator whose session a request carries, if it stands. */
  findSession(request: FastifyRequest): Promise<OperatorIdentity | null>;
  /** What can be judged before a key is read: so nothing is read for another page. @throws {ProblemError} 403 */
  admitSignIn(request: FastifyRequest): void;
  /** @returns the cookie of a new session, and whose it is. @throws {ProblemError} as `admit` */
  signIn(request: FastifyRequest, key: string): Promise<{ cookie: string; operator: OperatorIdentity }>;
  /**
   * Ends this session, on every producer, with its event streams; or all of them, for an operator who may change things.
   *
   * @returns the cookie that is none. @throws {ProblemError} as `admit`
   */
  signOut(request: FastifyRequest, which: 'this' | 'all'): Promise<string>;
  /**
   * Calls `end` when the session of an admitted request is over, or the operator key that it carries itself is revoked.
   *
   * @returns forgets it
   */
  follow(request: FastifyRequest, end: () => void): () => void;
  stop(): void;
}

const READING = ['GET', 'HEAD'];

export interface OperatorAuthDeps extends OperatorKeysDeps {
  readonly log: Logger;
}

export function createOperatorAuth(deps: OperatorAuthDeps): OperatorAuth {
  const { redis, keys, log, now } = deps;
  const operatorKeys = createOperatorKeys(deps);
  const sessions = createConsoleSessions(redis, keys);
  const checkKey = createKeyCheck(operatorKeys, log, now);
  const admitted = new WeakMap<FastifyRequest, KeyHolder>();
  const access = createOperatorAccess({ operatorKeys, sessions, now });
  const watch = createSessionWatch({ isLive: access.isLive, log });
  const admit = async (request: FastifyRequest) => {
    const sent = readKey(request);
    const holder = sent === undefined ? await access.findSession(request) : await checkKey(request, sent);
    if (holder === null) throw keyRequired();
    if (sent === undefined) requireOwnPage(request);
    if (holder.readOnly && !READING.includes(request.method)) throw new ProblemError('read_only');
    admitted.set(request, holder);
  };

  return {
    admit,
    operatorOf: (request) => {
      const operator = admitted.get(request);
      if (!operator) throw new Error('The operator of the request is not signed in');
      return operator;
    },
    findSession: access.findSession,
    admitSignIn: requireOwnPage,
    signIn: async (request, sent) => {
      requireOwnPage(request);
      const holder = await checkKey(request, sent);
      const token = randomBytes(32).toString('base64url');
      await sessions.begin(operatorKeys.sessionId(token), holder.keyHash, now());
      return { cookie: writeSessionCookie(request, token, SESSION_MS / 1000), operator: holder };
    },
    signOut: async (request, which) => {
      if (which === 'all') await admit(request);
      else requireOwnPage(request);
      const id = access.sessionOf(request);
      if (which === 'all') await sessions.endAll(now());
      else if (id !== null) await sessions.end(id);
      if (id !== null) watch.ended(id);
      await watch.look();
      return writeSessionCookie(request, '', 0);
    },
    follow: (request, end) => {
      const name = access.nameOf(request, admitted.get(request)?.keyHash ?? null);
      return name === null ? () => undefined : watch.follow(name, end);
    },
    stop: watch.stop,
  };
}

/** The right key passes at once, whatever was tried before. */
function createKeyCheck(operatorKeys: OperatorKeys, log: Logger, now: () => number) {
  const limit = createWrongKeyLimit(now);
  /** @throws {ProblemError} when the key is wrong */
  return async (request: FastifyRequest, sent: string): Promise<KeyHolder> => {
    const holder = await operatorKeys.find(sent);
    if (holder !== null) return holder;
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
