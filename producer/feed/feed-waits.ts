/** Requests that wait for an event of their client. */

export interface FeedWaits {
  /**
   * Waits for an event of the client after a number.
   *
   * @returns `look`: there is one, or Redis does not answer; `end`: the time is over, the signal aborted, or the process ends;
   *   null when too many wait
   */
  until(clientId: string, after: number, options: WaitingOptions): Promise<'look' | 'end'> | null;
  /** Ends every wait, now and from now on. */
  stop(): void;
}

interface WaitingOptions {
  readonly ms: number;
  readonly signal: AbortSignal;
}

export interface FeedWaitsDeps {
  /** The highest number of each client, in the order asked for. */
  readonly readLast: (clientIds: readonly string[]) => Promise<readonly number[]>;
  readonly maxOfClient: number;
  readonly maxOfProcess: number;
}

interface Waiter {
  readonly clientId: string;
  readonly after: number;
  readonly wake: (why: 'look' | 'end') => void;
}

/** Between two looks. An event waits so long at most to be noticed. */
const EVERY_MS = 100;

/** One command asks for all that wait, and none is sent while nothing waits. */
export function createFeedWaits({ readLast, maxOfClient, maxOfProcess }: FeedWaitsDeps): FeedWaits {
  const waiters = new Set<Waiter>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const wakeAll = (why: 'look' | 'end') => {
    for (const { wake } of waiters) wake(why);
  };
  const look = async () => {
    const clients = [...new Set([...waiters].map(({ clientId }) => clientId))];
    const numbers = await readLast(clients);
    const last = new Map(clients.map((clientId, i) => [clientId, numbers[i] ?? 0]));
    for (const { clientId, after, wake } of waiters) if ((last.get(clientId) ?? 0) > after) wake('look');
  };
  const schedule = () => {
    timer ??= setTimeout(async () => {
      // Each reads again, and answers with what it meets.
      await look().catch(() => wakeAll('look'));
      timer = undefined;
      if (waiters.size > 0) schedule();
    }, EVERY_MS);
  };
  const isFull = (clientId: string) => {
    const own = [...waiters].filter((waiter) => waiter.clientId === clientId).length;
    return waiters.size >= maxOfProcess || own >= maxOfClient;
  };

  return {
    until: (clientId, after, { ms, signal }) => {
      if (isStopped || signal.aborted) return Promise.resolve('end');
      if (isFull(clientId)) return null;
      return new Promise((resolve) => {
        const end = () => wake('end');
        const wake: Waiter['wake'] = (why) => {
          clearTimeout(ending);
          signal.removeEventListener('abort', end);
          waiters.delete(waiter);
          resolve(why);
        };
        const ending = setTimeout(end, ms);
        const waiter = { clientId, after, wake };
        signal.addEventListener('abort', end, { once: true });
        waiters.add(waiter);
        schedule();
      });
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      wakeAll('end');
    },
  };
}
