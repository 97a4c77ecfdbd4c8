import { setTimeout } from 'node:timers';
import type { ConnectionLog, RedisLog } from './redis-log.ts';

/**
 * A log for the connections of one process: an outage is one line when the first of them loses Redis and one when the last
 * is back, not as many as there are connections. A further reason within an outage (wrong password, for instance) is a
 * line of its own.
 *
 * A failover comes in shocks: a sentinel that hears late of a promotion cuts all connections once more, and a connection that
 * was idle finds out later than the others. What is over within {@link AFTERSHOCK_ENDS_WITHIN_MS} is part of the outage before
 * it, and no line. What lasts longer is an outage of its own, and its lines come that much late.
 */
export type OutageLog = (connection: string) => ConnectionLog;

/** So long after an outage another loss may be part of it. */
const AFTERSHOCK_WITHIN_MS = 30_000;
const AFTERSHOCK_ENDS_WITHIN_MS = 5_000;

export interface OutageClock {
  /** ms */
  readonly now: () => number;
  /** @returns forgets it */
  readonly after: (ms: number, then: () => void) => () => void;
}

const processClock: OutageClock = {
  now: () => performance.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms).unref();
    return () => clearTimeout(timer);
  },
};

export function createOutageLog(log: RedisLog, clock: OutageClock = processClock): OutageLog {
  const outage = new Outage(log, clock);
  const logOf = (connection: string): ConnectionLog => {
    const one: ConnectionLog = {
      warn: (fields, message) => outage.noteAway(one, { ...fields, connection }, message),
      info: (fields, message) => outage.noteBack(one, { ...fields, connection }, message),
      forget: () => outage.forget(one),
      another: () => logOf(connection),
    };
    return one;
  };
  return logOf;
}

class Outage {
  readonly #log: RedisLog;
  readonly #clock: OutageClock;
  readonly #away = new Set<object>();
  readonly #logged = new Set<string>();
  #overAt = Number.NEGATIVE_INFINITY;
  /** Lines of what may be an aftershock; undefined while there is none. */
  #held: (() => void)[] | undefined;
  #forgetTimer: () => void = () => undefined;

  constructor(log: RedisLog, clock: OutageClock) {
    this.#log = log;
    this.#clock = clock;
  }

  noteAway(connection: object, fields: object, message: string): void {
    if (this.#away.size === 0 && this.#clock.now() - this.#overAt < AFTERSHOCK_WITHIN_MS) this.#hold();
    this.#away.add(connection);
    const about = describe(fields);
    if (this.#logged.has(about)) return;
    this.#logged.add(about);
    const write = () => this.#log.warn(fields, message);
    if (this.#held === undefined) write();
    else this.#held.push(write);
  }

  noteBack(connection: object, fields: object, message: string): void {
    const wasAway = this.#away.delete(connection);
    if (wasAway && this.#away.size > 0) return;
    const wasAftershock = wasAway && this.#held !== undefined;
    if (wasAway) this.#end();
    if (!wasAftershock) this.#log.info(fields, message);
  }

  forget(connection: object): void {
    if (this.#away.delete(connection) && this.#away.size === 0) this.#end();
  }

  #hold(): void {
    this.#held = [];
    this.#forgetTimer = this.#clock.after(AFTERSHOCK_ENDS_WITHIN_MS, () => {
      const lines = this.#held ?? [];
      this.#held = undefined;
      for (const write of lines) write();
    });
  }

  #end(): void {
    this.#forgetTimer();
    this.#held = undefined;
    this.#logged.clear();
    this.#overAt = this.#clock.now();
  }
}

/** All connections are lost for one reason, however their sockets put it. */
function describe(fields: object): string {
  const { event, reason } = fields as { readonly event?: unknown; readonly reason?: unknown };
  return event === 'redis_lost' ? 'redis_lost' : `${String(event)} ${String(reason)}`;
}
