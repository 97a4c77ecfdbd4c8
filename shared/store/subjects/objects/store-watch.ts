import type { PhotoStoreState } from '../photo-store-state.ts';
import { PhotoStoreUnavailable } from '../photo-store-state.ts';
import { ObjectStoreFailure } from './object-store.ts';

/** Knows whether the store answers, so that calls to one that does not are refused at once instead of waiting for it. */
export interface StoreWatch {
  /**
   * Runs a call to the store. While the store is away nothing is sent, but for the one call that finds out.
   *
   * @throws {PhotoStoreUnavailable}
   */
  run<T>(call: () => Promise<T>): Promise<T>;
  /** As of the last call. Of a store that is away, one call at a time finds out whether it is back. */
  state(): Promise<PhotoStoreState>;
  /** The same, and asks a store that has not been used lately. */
  check(): Promise<PhotoStoreState>;
}

export interface StoreWatchDeps {
  /** A call that changes nothing and needs what the process needs. */
  readonly check: () => Promise<unknown>;
  readonly log: {
    warn(fields: object, message: string): void;
    info(fields: object, message: string): void;
  };
  /** ms epoch */
  readonly now: () => number;
}

/** Between two calls that find out whether the store is back. */
const PROBE_MS = 1_000;
/** What the last call has shown is believed for so long. */
const FRESH_MS = 10_000;

interface Outage {
  readonly reason: string;
  readonly since: number;
  readonly until: number;
}

const describe = (outage: Outage | null): PhotoStoreState =>
  outage === null ? { status: 'ready' } : { status: 'away', reason: outage.reason, until: outage.until };

export function createStoreWatch({ check, log, now }: StoreWatchDeps): StoreWatch {
  let outage: Outage | null = null;
  let lastAnswer = Number.NEGATIVE_INFINITY;
  let checking: Promise<void> | null = null;

  const answered = () => {
    lastAnswer = now();
    if (outage === null) return;
    const awayMs = now() - outage.since;
    outage = null;
    log.info({ event: 'photo_store_back', awayMs }, 'the photo store can be used again');
  };
  const failed = (reason: string): Outage => {
    const isNew = outage === null;
    outage = { reason, since: outage?.since ?? now(), until: now() + PROBE_MS };
    if (isNew) log.warn({ event: 'photo_store_lost', reason }, 'the photo store cannot be used');
    return outage;
  };
  const attempt = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      const result = await call();
      answered();
      return result;
    } catch (error) {
      if (!(error instanceof ObjectStoreFailure)) throw error;
      const { reason, until } = failed(error.reason);
      throw new PhotoStoreUnavailable(reason, until);
    }
  };
  /** One at a time, however many want to know. Its failure is in `outage`. */
  const checkOnce = () => {
    checking ??= attempt(check).then(
      () => {
        checking = null;
      },
      (error: unknown) => {
        checking = null;
        if (!(error instanceof PhotoStoreUnavailable)) throw error;
      },
    );
    return checking;
  };

  const isDue = () => outage !== null && now() >= outage.until;

  return {
    run: async (call) => {
      if (outage !== null) {
        if (now() < outage.until) throw new PhotoStoreUnavailable(outage.reason, outage.until);
        await checkOnce();
        if (outage !== null) throw new PhotoStoreUnavailable(outage.reason, outage.until);
      }
      return attempt(call);
    },
    state: async () => {
      if (isDue()) await checkOnce();
      return describe(outage);
    },
    check: async () => {
      if (isDue() || (outage === null && now() - lastAnswer >= FRESH_MS)) await checkOnce();
      return describe(outage);
    },
  };
}
