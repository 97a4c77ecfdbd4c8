import { describeRedisError } from '../../shared/store/redis/failure.ts';

/** Ends what goes on for longer than one request, such as an event stream, with the session (or the operator key) it belongs to. */
export interface SessionWatch {
  /** @param access a session's id, or what names a key @param end called once, when it is over @returns forgets it */
  follow(access: string, end: () => void): () => void;
  /** Now, without another look. */
  ended(access: string): void;
  /** Looks at all of them now. */
  look(): Promise<void>;
  stop(): void;
}

export interface SessionWatchDeps {
  readonly isLive: (access: string) => Promise<boolean>;
  readonly log: { debug(fields: object, text: string): void };
  /** Between two looks. @default 1000 */
  readonly everyMs?: number;
}

/** So long may a stream outlast a session that another producer or the command line has ended. */
const EVERY_MS = 1_000;

/** One look for all streams of a session, and none while there is no stream. */
export function createSessionWatch({ isLive, log, everyMs = EVERY_MS }: SessionWatchDeps): SessionWatch {
  const followed = new Map<string, Set<() => void>>();
  let timer: NodeJS.Timeout | undefined;

  const ended = (access: string) => {
    const ends = followed.get(access) ?? [];
    followed.delete(access);
    for (const end of ends) end();
  };
  const look = async () => {
    for (const access of [...followed.keys()]) {
      if (!(await isLive(access))) ended(access);
    }
  };
  const lookAgain = async () => {
    try {
      await look();
    } catch (error) {
      // A stream shows nothing new while Redis is away; the next look decides.
      log.debug(
        { event: 'session_look_failed', reason: describeRedisError(error) },
        'a session cannot be read',
      );
    }
    timer = followed.size > 0 ? setTimeout(() => void lookAgain(), everyMs).unref() : undefined;
  };

  return {
    follow: (access, end) => {
      const ends = followed.get(access) ?? new Set();
      followed.set(access, ends.add(end));
      timer ??= setTimeout(() => void lookAgain(), everyMs).unref();
      return () => {
        ends.delete(end);
        if (ends.size === 0 && followed.get(access) === ends) followed.delete(access);
      };
    },
    ended,
    look,
    stop: () => {
      clearTimeout(timer);
      followed.clear();
    },
  };
}
