export interface ReplyWatchDeps {
  /** For so long nothing may be answered while something waits for it. */
  readonly silentMs: number;
  /** The connection is to be given up: what waits on it gets no answer. */
  readonly onSilent: () => void;
  /** ms, monotonic */
  readonly now: () => number;
}

export interface ReplyWatch {
  /** Whether what was asked first has waited for longer than Redis may be silent: what is asked now would wait behind it. */
  isBehind(): boolean;
  /** Runs what asks Redis, and watches until it is answered. */
  watch<T>(ask: () => Promise<T>): Promise<T>;
}

/** Looks so often within the time that Redis may be silent. */
const LOOKS = 3;

/**
 * Distinguishes a Redis that gives no answer from answers that take long. A time-out for each command cannot: on a busy machine the timer
 * fires although Redis has carried the command out, and often although its reply waits to be read. A write that is given up so
 * was accepted and is said not to be, and its client sends it again.
 *
 * So the time is counted from the last answer of any command, and a look waits until what has arrived was read. Time in which
 * this process did not run is not counted.
 */
export function createReplyWatch({ silentMs, onSilent, now }: ReplyWatchDeps): ReplyWatch {
  const waiting = new Map<symbol, number>();
  const everyMs = silentMs / LOOKS;
  /** When the last answer came, or waiting began. */
  let progressAt = 0;
  let isTimed = false;

  const lookLater = () => {
    if (isTimed || waiting.size === 0) return;
    isTimed = true;
    const dueAt = now() + everyMs;
    setTimeout(() => {
      progressAt += Math.max(0, now() - dueAt);
      // Behind the phase in which sockets are read.
      setImmediate(look);
    }, everyMs).unref();
  };
  const look = () => {
    isTimed = false;
    if (waiting.size > 0 && now() - progressAt > silentMs) onSilent();
    lookLater();
  };

  return {
    isBehind: () => {
      const [first] = waiting.values();
      return first !== undefined && now() - first > silentMs;
    },
    watch: async (ask) => {
      const key = Symbol('waiting');
      if (waiting.size === 0) progressAt = now();
      waiting.set(key, now());
      lookLater();
      try {
        return await ask();
      } finally {
        waiting.delete(key);
        progressAt = now();
      }
    },
  };
}
