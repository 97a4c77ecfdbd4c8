import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import type { LimiterClient } from './limiter-client.ts';
import type { LimiterAnswer } from './limiter-command.ts';
import { isTooLate, type Reservation, type SlotDeps, WaiterSlot } from './reservation.ts';
import {
  compareSlotOrders,
  computeSlotOrder,
  LAST_IN_ORDER,
  OVERDUE_AFTER_MS,
  type SlotOrder,
} from './slot-order.ts';
import { timer, wakeAt } from './wake-up.ts';

export interface ReserveOptions {
  /** @default LAST_IN_ORDER */
  readonly order?: SlotOrder;
  /** Aborting it ends the wait: `aborted`. It has no effect on a slot that was reserved before. */
  readonly signal?: AbortSignal;
  /** The `since` of a slot that came too late: the wait goes on from its place. @default now */
  readonly since?: number | undefined;
}

interface Waiter {
  readonly order: SlotOrder;
  readonly sinceMs: number;
  /** Ends the wait; drops the abort listener. */
  readonly end: (reservation: Reservation) => void;
}

interface Slot {
  readonly seq: number;
  readonly atUs: number;
  readonly probe: boolean;
}

type Reserved = Extract<LimiterAnswer, { kind: 'reserved' }>;
type Closed = Extract<LimiterAnswer, { kind: 'closed' }>;

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;
/**
 * What its holder does before the instant, as marking that a request is leaving, takes a round trip to Redis on a busy day.
 * Longer would leave more marks behind of requests that never left, when a process dies; what takes longer makes the slot late
 * by the rest.
 */
const RESERVED_AHEAD_MS = 25;
/** No command asks for more; it is what the quotas of a throughput test need. */
const MAX_WANT = 64;

export interface WaitersDeps {
  readonly client: LimiterClient;
  /** How late after its instant a slot may still be used. */
  readonly toleranceMs: number;
}

/**
 * Those in this process that wait for a slot. To the limiter they are one client, so its script runs per process and slot, not
 * per waiting request. A slot goes to the most urgent just before its instant, not to the one that asked first.
 *
 * One loop: ask ▸ (wait ▸ ask …) ▸ reserved: sleep until it is near ▸ hand it to the first waiter, or to the next if that
 * one cancels ▸ ask for the next one. When it was sent is reported with the next command. The loop ends when no request waits.
 *
 * It asks before the slot in hand is used: the limiter gives the slot after it away 50 ms ahead, to the most urgent of those it
 * knows of. A process that asked only after sending never had two slots in a row, so one that had claimed more than the
 * others fell behind, and newcomers in it waited for seconds.
 */
export class Waiters {
  readonly #deps: WaitersDeps;
  /** By their orders; those who have become overdue since are looked for when one is taken. */
  readonly #waiters: Waiter[] = [];
  readonly #closing = new AbortController();
  #nap: AbortController | undefined;
  /** The one that the limiter was asked for last. */
  #asked: Waiter | undefined;
  #running: Promise<void> | undefined;
  /** Slots that are handed out, or will be. */
  readonly #filling = new Set<Promise<void>>();

  constructor(deps: WaitersDeps) {
    this.#deps = deps;
    // One listener per slot that is waited for is no leak.
    setMaxListeners(0, this.#closing.signal);
  }

  reserve({
    order = LAST_IN_ORDER,
    signal,
    since = performance.now(),
  }: ReserveOptions = {}): Promise<Reservation> {
    if (signal?.aborted || this.#closing.signal.aborted) return Promise.resolve({ status: 'aborted' });
    return new Promise((resolve) => {
      const leave = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        if (this.#waiters.length === 0) this.#nap?.abort();
        resolve({ status: 'aborted' });
      };
      const end = (reservation: Reservation) => {
        signal?.removeEventListener('abort', leave);
        resolve(reservation);
      };
      const waiter: Waiter = { order, sinceMs: since, end };
      signal?.addEventListener('abort', leave, { once: true });
      this.#admit(waiter);
    });
  }

  /** Whether commands go out for waiters, the last of which reports what is left to report. */
  get isServing(): boolean {
    return this.#running !== undefined;
  }

  /** Ends every wait, gives back what is reserved, and resolves when the loop has ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const waiter of this.#waiters.splice(0)) waiter.end({ status: 'aborted' });
    this.#nap?.abort();
    await this.#running;
    await Promise.all(this.#filling);
  }

  #admit(waiter: Waiter): void {
    const after = this.#waiters.findIndex((other) => compareWaiters(other, waiter) > 0);
    this.#waiters.splice(after === -1 ? this.#waiters.length : after, 0, waiter);
    if (!this.#running) {
      this.#running = this.#serve().finally(() => {
        this.#running = undefined;
        // One may have come in the last turn.
        const first = this.#take();
        if (first) this.#admit(first);
        this.#reportWhenIdle();
      });
    } else if (this.#asked === undefined || compareWaiters(waiter, this.#asked) < 0) {
      // More urgent than the one that the limiter was asked for: ask again for this one.
      this.#nap?.abort();
    }
  }

  async #serve(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (this.#waiters.length > 0) {
      const answer = await this.#ask();
      if (!answer) {
        await this.#sleep(retryMs);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
        continue;
      }
      retryMs = FIRST_RETRY_MS;
      if (answer.kind === 'reserved') await this.#use(answer);
      else if (answer.kind === 'wait')
        await this.#sleep(this.#deps.client.monotonicMs(answer.dueUs) - performance.now());
      else if (answer.kind === 'closed') this.#turnAway(answer);
    }
  }

  /** What no further command takes along goes by itself: neither a waiter nor a slot in hand is left. */
  #reportWhenIdle(): void {
    if (!this.#running && this.#filling.size === 0) void this.#deps.client.flush();
  }

  async #ask(): Promise<LimiterAnswer | undefined> {
    const first = this.#waiters[this.#firstIndex()];
    if (!first) return undefined;
    this.#asked = first;
    const waitedMs = Math.max(0, performance.now() - first.sinceMs);
    const order = computeSlotOrder(first.order, waitedMs);
    const request = {
      order: [order.class, order.tag] as const,
      waitedUs: Math.round(waitedMs * 1000),
      headStartUs: order.class < LAST_IN_ORDER.class ? OVERDUE_AFTER_MS * 1000 : 0,
      want: Math.min(this.#waiters.length, MAX_WANT),
    };
    try {
      return (await this.#deps.client.reserve(request)).answer;
    } catch {
      // The client has reported it; nothing is reserved until Redis answers.
      return undefined;
    }
  }

  /**
   * Slots of one reply may lie milliseconds apart, less than their holders need before: each is seen to by itself.
   *
   * @returns resolves when each has its holder; that of a probe, which decides about all others, must have used it
   */
  async #use({ seq, probe, atUs }: Reserved): Promise<void> {
    await Promise.all(
      atUs.map((at, i) => {
        let noteHanded = () => {};
        const handed = new Promise<void>((resolve) => {
          noteHanded = resolve;
        });
        const filled = this.#fill({ seq: seq + i, atUs: at, probe }, noteHanded).finally(() => {
          noteHanded();
          this.#filling.delete(filled);
          this.#reportWhenIdle();
        });
        this.#filling.add(filled);
        return probe ? filled : handed;
      }),
    );
  }

  /** Hands a slot to the first waiter that uses it. One that none wants any more, or that is too late, is given back. */
  async #fill({ seq, atUs, probe }: Slot, noteHanded: () => void): Promise<void> {
    const { client } = this.#deps;
    const deps: SlotDeps = { ...this.#deps, closing: this.#closing.signal };
    await wakeAt(client.monotonicMs(atUs) - RESERVED_AHEAD_MS, deps.closing);
    let sentUs = 0;
    while (!isTooLate(deps, atUs)) {
      const waiter = this.#take();
      if (!waiter) break;
      const slot = new WaiterSlot(deps, { seq, atUs, probe, since: waiter.sinceMs });
      waiter.end(slot);
      noteHanded();
      const end = await slot.ended;
      if (end.how === 'cancelled') continue;
      if (end.how === 'used') sentUs = end.sentUs;
      break;
    }
    client.noteSent(seq, sentUs, atUs);
  }

  /** The first in order, or one that is overdue. */
  #firstIndex(): number {
    const overdueSince = performance.now() - OVERDUE_AFTER_MS;
    const overdue = this.#waiters.findIndex(
      ({ order, sinceMs }) => sinceMs <= overdueSince && computeSlotOrder(order, OVERDUE_AFTER_MS) !== order,
    );
    return Math.max(0, overdue);
  }

  #take(): Waiter | undefined {
    const [first] = this.#waiters.splice(this.#firstIndex(), 1);
    return first;
  }

  #turnAway({ status, reason, untilUs }: Closed): void {
    const until = Math.ceil(untilUs / 1000);
    for (const waiter of this.#waiters.splice(0)) {
      waiter.end({ status: 'closed', by: status, reason, until });
    }
  }

  /** A sleep that a more urgent arrival, or the end, cuts short. */
  async #sleep(ms: number): Promise<void> {
    const first = this.#waiters[this.#firstIndex()];
    if (!first || (first !== this.#asked && this.#asked && compareWaiters(first, this.#asked) < 0)) return;
    this.#nap = new AbortController();
    await timer(Math.max(0, ms), this.#nap.signal);
    this.#nap = undefined;
  }
}

function compareWaiters(a: Waiter, b: Waiter): number {
  return compareSlotOrders(a.order, b.order) || a.sinceMs - b.sinceMs;
}
