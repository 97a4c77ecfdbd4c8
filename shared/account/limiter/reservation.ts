import { performance } from 'node:perf_hooks';
import type { LimiterClient } from './limiter-client.ts';
import { turnOfTheLoop, wakeAt } from './wake-up.ts';

/** What became of a request for a slot. */
export type Reservation = ReservedSlot | ClosedLimiter | AbortedWait;

/** The right to send one request, at an instant that is about to come. */
export interface ReservedSlot {
  readonly status: 'reserved';
  readonly seq: number;
  /** The slot's instant, milliseconds since the epoch by Redis' clock. */
  readonly at: number;
  /** The limiter is closed to all but probes, and this request finds out whether it still has to be. */
  readonly probe: boolean;
  /** When the wait began, milliseconds of the monotonic clock: for `ReserveOptions.since`, if this slot comes too late. */
  readonly since: number;
  /**
   * Waits for the instant. On `due`, write the request's last byte in the promise's reactions. On `late`, what was to be done
   * before took too long: the slot has been given back, and the request must not leave without another.
   */
  due(): Promise<'due' | 'late'>;
  /** The request will not be sent: the slot goes to the next waiter. Does nothing after `due`. */
  cancel(): void;
}

/** No slot before `until` (milliseconds since the epoch by Redis' clock). */
export interface ClosedLimiter {
  readonly status: 'closed';
  readonly by: 'slow' | 'held' | 'paused';
  readonly reason: string;
  readonly until: number;
}

/** The signal aborted, or the process stops. */
export interface AbortedWait {
  readonly status: 'aborted';
}

/** `used`, with the latest instant at which the request may have left (microseconds of Redis' clock). */
export type SlotEnd =
  | { readonly how: 'used'; readonly sentUs: number }
  | { readonly how: 'cancelled' }
  | { readonly how: 'late' };

export interface SlotDeps {
  readonly client: LimiterClient;
  /** How late after its instant a slot may still be used. */
  readonly toleranceMs: number;
  readonly closing: AbortSignal;
}

export interface SlotFacts {
  readonly seq: number;
  readonly atUs: number;
  readonly probe: boolean;
  readonly since: number;
}

/** A slot in the hands of one waiter, until it is used, cancelled, or too late. */
export class WaiterSlot implements ReservedSlot {
  readonly status = 'reserved';
  readonly seq: number;
  readonly at: number;
  readonly probe: boolean;
  readonly since: number;
  /** Resolves once: a slot whose holder does nothing with it ends as late. */
  readonly ended: Promise<SlotEnd>;
  readonly #deps: SlotDeps;
  readonly #atUs: number;
  #settle: (end: SlotEnd) => void = () => undefined;
  #isOver = false;
  #expiry: NodeJS.Timeout | undefined;

  constructor(deps: SlotDeps, { seq, atUs, probe, since }: SlotFacts) {
    this.#deps = deps;
    this.#atUs = atUs;
    this.seq = seq;
    this.at = atUs / 1000;
    this.probe = probe;
    this.since = since;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#expireAt(deps.client.monotonicMs(atUs) + deps.toleranceMs);
  }

  async due(): Promise<'due' | 'late'> {
    const { client, closing } = this.#deps;
    await wakeAt(client.monotonicMs(this.#atUs), closing);
    if (this.#isOver || closing.aborted || isTooLate(this.#deps, this.#atUs)) {
      this.#end({ how: 'late' });
      return 'late';
    }
    this.#isOver = true;
    clearTimeout(this.#expiry);
    // The holder writes in its promise reactions, all of them before the next turn: an upper bound of when it sent.
    void turnOfTheLoop().then(() =>
      this.#settle({ how: 'used', sentUs: Math.ceil(client.latestMs() * 1000) }),
    );
    return 'due';
  }

  cancel(): void {
    this.#end({ how: 'cancelled' });
  }

  #end(end: SlotEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#expiry);
    this.#settle(end);
  }

  /** A timer may fire up to a millisecond before its time. */
  #expireAt(dueMs: number): void {
    const leftMs = Math.max(0, Math.ceil(dueMs - performance.now()));
    this.#expiry = setTimeout(() => {
      if (performance.now() < dueMs) this.#expireAt(dueMs);
      else this.#end({ how: 'late' });
    }, leftMs);
  }
}

/** Whether a slot may be past its tolerance already, by Redis' clock. */
export function isTooLate(
  { client, toleranceMs }: Pick<SlotDeps, 'client' | 'toleranceMs'>,
  atUs: number,
): boolean {
  return client.latestMs() > atUs / 1000 + toleranceMs;
}
