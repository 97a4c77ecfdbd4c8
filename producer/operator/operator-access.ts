import type { FastifyRequest } from 'fastify';
import type { ConsoleSessions } from '../../shared/store/operators/console-sessions.ts';
import type { KeyHolder, OperatorKeys } from './operator-key.ts';
import { readSessionToken } from './session-cookie.ts';

/** What a request comes in by, a session or an operator key itself, and whether that still stands. */
export interface OperatorAccess {
  /** Null without one. */
  sessionOf(request: FastifyRequest): string | null;
  /** Whose session a request carries, if it stands. @throws errors of Redis */
  findSession(request: FastifyRequest): Promise<KeyHolder | null>;
  /** What a stream ends with: a name for `isLive`. Null: the key of the environment, which a running producer has. */
  nameOf(request: FastifyRequest, keyHash: string | null): string | null;
  /** @throws errors of Redis */
  isLive(name: string): Promise<boolean>;
}

const BEARER = /^Bearer +(\S+)$/i;
/** No session's id has a space. */
const KEY = 'key ';

/** The operator key that a request carries itself, as a script's does. */
export function readKey(request: FastifyRequest): string | undefined {
  const [, key] = BEARER.exec(request.headers.authorization ?? '') ?? [];
  return key;
}

export function createOperatorAccess({
  operatorKeys,
  sessions,
  now,
}: {
  readonly operatorKeys: OperatorKeys;
  readonly sessions: ConsoleSessions;
  /** ms epoch */
  readonly now: () => number;
}): OperatorAccess {
  const sessionOf = (request: FastifyRequest): string | null => {
    const token = readSessionToken(request);
    return token === null ? null : operatorKeys.sessionId(token);
  };
  const holderOf = async (sessionId: string): Promise<KeyHolder | null> => {
    const session = await sessions.use(sessionId, now());
    return session && operatorKeys.findByHash(session.keyHash);
  };
  return {
    sessionOf,
    findSession: async (request) => {
      const id = sessionOf(request);
      return id === null ? null : holderOf(id);
    },
    nameOf: (request, keyHash) => {
      if (readKey(request) === undefined) return sessionOf(request);
      return keyHash === null ? null : `${KEY}${keyHash}`;
    },
    isLive: async (name) => {
      const keyHash = name.startsWith(KEY) ? name.slice(KEY.length) : null;
      return (await (keyHash === null ? holderOf(name) : operatorKeys.findByHash(keyHash))) !== null;
    },
  };
}
