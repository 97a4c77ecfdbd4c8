import { describeRedisError } from '../../shared/store/redis/failure.ts';

/** What viewers are sent. `snapshot` is the whole first page; `beat` says that the one before still holds. */
export type LiveMessage =
  | { readonly name: 'snapshot'; readonly data: string }
  | { readonly name: 'beat'; readonly data: string }
  /** Redis does not answer: what is shown is old. */
  | { readonly name: 'trouble'; readonly data: string };

export type Viewer = (message: LiveMessage) => void;

export interface Live {
  /** Shows the latest at once, then every change. @returns ends it; null when there are too many viewers */
  watch(viewer: Viewer): (() => void) | null;
  viewers(): number;
  stop(): Promise<void>;
}

export interface LiveDeps {
  /** What it gives is sent as JSON. */
  readonly read: () => Promise<object>;
  /** ms epoch */
  readonly now: () => number;
  readonly log: { debug(fields: object, text: string): void };
  /** Between two looks. @default 500 */
  readonly everyMs?: number;
}

/** With the time a look takes and the 200 ms that the lane view may be old, a change is shown within a second. */
const EVERY_MS = 500;
/** More is no team of operators. */
export const MAX_VIEWERS = 100;
/** Unchanged for so many looks, two and a half seconds: a beat, so that a page can distinguish silence from a broken connection. */
const BEAT_EVERY = 5;

/**
 * One look for all viewers together, and none while no page is open. The next begins a while after one has ended: they
 * never overlap, and a slow Redis is not asked more often.
 */
export function createLive({ read, now, log, everyMs = EVERY_MS }: LiveDeps): Live {
  const viewers = new Set<Viewer>();
  let latest: LiveMessage | null = null;
  let unchanged = 0;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | null = null;
  let stopped = false;

  const send = (message: LiveMessage) => {
    for (const viewer of viewers) viewer(message);
  };
  const instant = () => new Date(now()).toISOString();
  const look = async () => {
    try {
      const data = JSON.stringify(await read());
      if (latest?.name === 'snapshot' && latest.data === data) {
        unchanged += 1;
        if (unchanged % BEAT_EVERY === 0) send({ name: 'beat', data: instant() });
        return;
      }
      latest = { name: 'snapshot', data };
    } catch (error) {
      log.debug({ event: 'console_look_failed', reason: describeRedisError(error) }, 'cannot read the lane');
      latest = { name: 'trouble', data: instant() };
    }
    unchanged = 0;
    send(latest);
  };
  const run = () => {
    looking = look().finally(() => {
      looking = null;
      if (viewers.size > 0 && !stopped) timer = setTimeout(run, everyMs);
      // A new viewer is not shown what was true an hour ago.
      else latest = null;
    });
  };

  return {
    watch: (viewer) => {
      if (stopped || viewers.size >= MAX_VIEWERS) return null;
      viewers.add(viewer);
      if (latest) viewer(latest);
      if (viewers.size === 1 && looking === null) {
        clearTimeout(timer);
        run();
      }
      return () => {
        viewers.delete(viewer);
      };
    },
    viewers: () => viewers.size,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      viewers.clear();
      await looking;
    },
  };
}
