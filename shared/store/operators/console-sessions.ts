import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';

/** A working day and a little more, however much a session is used. */
export const SESSION_MS = 12 * 3_600_000;
/** Without a request and without an open page. */
export const SESSION_IDLE_MS = 3_600_000;
/** More are no team of operators: the one used longest ago gives way. */
export const MAX_SESSIONS = 100;
/** A use is written down so often. */
const TOUCH_MS = 60_000;

export interface ConsoleSession {
  /** ms epoch */
  readonly begunAt: number;
  readonly usedAt: number;
  /** Of the operator's key; null for the key of the environment. Whether that key still stands is another question. */
  readonly keyHash: string | null;
}

const beginScript = loadScript(new URL('../scripts/begin-console-session.lua', import.meta.url));

const touchScript = loadScript(new URL('../scripts/touch-console-session.lua', import.meta.url));

/**
 * The sessions of a lane's console, over all producers: which of them stand, and with which key each was begun.
 *
 * Every use looks here, so that a session ends at once, wherever it was ended.
 */
export interface ConsoleSessions {
  /** @param id what the session's token is kept as */
  begin(id: string, keyHash: string | null, now: number): Promise<void>;
  /** The session if it stands; asking is a use of it. */
  use(id: string, now: number): Promise<ConsoleSession | null>;
  end(id: string): Promise<void>;
  /** @returns how many there were */
  endAll(now: number): Promise<number>;
  list(now: number): Promise<readonly ConsoleSession[]>;
}

export function createConsoleSessions(redis: Redis, keys: StoreKeys): ConsoleSessions {
  const key = keys.consoleSessions();
  const list = async (now: number) =>
    (await redis.hvals(key)).flatMap((text) => {
      const session = parseSession(text);
      return session !== null && isLiveAt(session, now) ? [session] : [];
    });
  return {
    begin: async (id, keyHash, now) => {
      const limits = [SESSION_MS, SESSION_IDLE_MS, MAX_SESSIONS];
      await beginScript(redis, [key], [id, now, ...limits, keyHash ?? '']);
    },
    use: async (id, now) => {
      const session = parseSession(await redis.hget(key, id));
      if (session === null || !isLiveAt(session, now)) return null;
      if (now - session.usedAt < TOUCH_MS) return session;
      const holder = session.keyHash === null ? '' : ` ${session.keyHash}`;
      const touched = await touchScript(redis, [key], [id, `${session.begunAt} ${now}${holder}`]);
      return touched === 1 ? session : null;
    },
    end: async (id) => {
      await redis.hdel(key, id);
    },
    endAll: async (now) => {
      const { length } = await list(now);
      await redis.del(key);
      return length;
    },
    list,
  };
}

function isLiveAt({ begunAt, usedAt }: ConsoleSession, now: number): boolean {
  return now < begunAt + SESSION_MS && now < usedAt + SESSION_IDLE_MS;
}

function parseSession(text: string | null): ConsoleSession | null {
  const [, begunAt, usedAt, keyHash = null] =
    /^(\d{1,15}) (\d{1,15})(?: ([0-9a-f]{64}))?$/.exec(text ?? '') ?? [];
  return begunAt === undefined ? null : { begunAt: Number(begunAt), usedAt: Number(usedAt), keyHash };
}
