import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import { HEAD_START_MS, type LaneAnswer, type LaneAsk, type SlotRank } from './lane-call.ts';
import type { LaneDoor } from './lane-door.ts';
import { timer, turnOfTheLoop, wakeAt } from './wake-up.ts';

export type Grant = GrantedSlot | HeldLane | DeclinedSlot;

/** The right to send one request, now: write its last byte in the same tick. */
export interface GrantedSlot {
  readonly status: 'granted';
  readonly seq: number;
  /** The slot's instant, milliseconds since the epoch by Redis' clock. */
  readonly at: number;
  readonly waitedMs: number;
  /** The lane is held or slow, and this request finds out whether it still has to be. */
  readonly probe: boolean;
}

/** No slot: the lane grants none before `until` (milliseconds since the epoch by Redis' clock). */
interface HeldLane {
  readonly status: 'held';
  readonly lane: 'slow' | 'held' | 'paused';
  readonly reason: string;
  readonly until: number;
}

/** A slot came, and `prepare` said that it is not wanted any more. */
interface DeclinedSlot {
  readonly status: 'declined';
}

export interface TakeOptions {
  /** @default 'bulk' */
  readonly rank?: SlotRank;
  /** The promise rejects with the signal's reason; a slot that was on its way goes to the next in line. */
  readonly signal?: AbortSignal;
  /**
   * What must have been done before the request leaves. It begins a little before the slot's instant, and the slot is granted
   * once it has resolved to true; on false the promise resolves to `declined`, and when it rejects so does the promise. Called
   * again when that slot came to nothing. The signal may abort while it is under way.
   */
  readonly prepare?: () => Promise<boolean>;
}

interface Waiter {
  readonly rank: SlotRank;
  readonly sinceMs: number;
  /** Position in the line: the smaller, the earlier. */
  readonly keyMs: number;
  readonly resolve: (grant: Grant) => void;
  readonly reject: (reason: unknown) => void;
  readonly prepare: () => Promise<boolean>;
  /** Drops the abort listener. */
  readonly release: () => void;
  /** Its signal has aborted. */
  isGone: boolean;
}

interface Slot {
  readonly seq: number;
  readonly atUs: number;
  readonly probe: boolean;
}

type Granted = Extract<LaneAnswer, { kind: 'granted' }>;

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;
/**
 * A round trip to Redis on a busy day. Longer would leave more marks behind of requests that never left, when a process dies; a
 * `prepare` that takes longer makes its slot late by the rest.
 */
const PREPARE_AHEAD_MS = 25;
/** No call asks for more; it is what the quotas of a throughput test need. */
const MAX_WANT = 64;

export interface SlotLineDeps {
  /** Names this process among those that wait at the lane. No colon, no comma. */
  readonly id: string;
  readonly door: LaneDoor;
  /** How late after its instant a slot may still be used. */
  readonly toleranceMs: number;
}

/**
 * The process' own line for slots. Whoever waits here is represented at the lane by one asker, so the lane's script is
 * called per process and slot, not per waiting request. The slot goes to the most urgent at its instant, not to who asked first.
 *
 * One loop: ask ▸ (wait ▸ ask …) ▸ granted: sleep ▸ have the first in line prepare ▸ sleep until the instant ▸ hand over ▸ write
 * back when it was sent, with the next ask. It ends when nobody waits.
 */
export class SlotLine {
  readonly #deps: SlotLineDeps;
  readonly #waiters: Waiter[] = [];
  readonly #closing = new AbortController();
  #nap: AbortController | undefined;
  #askedKeyMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(deps: SlotLineDeps) {
    this.#deps = deps;
    // One listener per slot that is waited for is no leak.
    setMaxListeners(0, this.#closing.signal);
  }

  take({ rank = 'bulk', signal, prepare = alwaysReady }: TakeOptions = {}): Promise<Grant> {
    return new Promise<Grant>((resolve, reject) => {
      signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      const sinceMs = performance.now();
      const leave = () => {
        waiter.isGone = true;
        // It is not in the line while a slot is being prepared for it.
        const place = this.#waiters.indexOf(waiter);
        if (place !== -1) this.#waiters.splice(place, 1);
        if (this.#waiters.length === 0) this.#nap?.abort();
        reject(signal?.reason);
      };
      const release = () => signal?.removeEventListener('abort', leave);
      const waiter: Waiter = {
        rank,
        sinceMs,
        keyMs: sinceMs - HEAD_START_MS[rank],
        resolve,
        reject,
        prepare,
        release,
        isGone: false,
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#admit(waiter);
    });
  }

  /** Rejects who still waits, gives back what is reserved, and resolves when the loop has ended. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('Cannot take a slot: the lane is closed'));
    for (const waiter of this.#waiters.splice(0)) {
      waiter.release();
      waiter.reject(this.#closing.signal.reason);
    }
    this.#nap?.abort();
    await this.#running;
  }

  #admit(waiter: Waiter): void {
    const after = this.#waiters.findIndex((other) => other.keyMs > waiter.keyMs);
    this.#waiters.splice(after === -1 ? this.#waiters.length : after, 0, waiter);
    if (!this.#running) {
      this.#running = this.#serve().finally(() => {
        this.#running = undefined;
        // Somebody may have come in the last turn.
        const first = this.#waiters.shift();
        if (first) this.#admit(first);
      });
    } else if (waiter.keyMs < this.#askedKeyMs) {
      // More urgent than whoever the lane was asked for: ask again for this one.
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
      if (answer.kind === 'granted') await this.#use(answer);
      else if (answer.kind === 'wait')
        await this.#sleep(this.#deps.door.monotonicMs(answer.dueUs) - performance.now());
      else if (answer.kind === 'held') this.#turnAway(answer);
    }
    await this.#deps.door.flush();
  }

  async #ask(): Promise<LaneAnswer | undefined> {
    const [first] = this.#waiters;
    if (!first) return undefined;
    this.#askedKeyMs = first.keyMs;
    const ask: LaneAsk = {
      id: this.#deps.id,
      waitedUs: Math.max(0, Math.round((performance.now() - first.sinceMs) * 1000)),
      headStartUs: HEAD_START_MS[first.rank] * 1000,
      want: Math.min(this.#waiters.length, MAX_WANT),
    };
    try {
      return (await this.#deps.door.call({ op: 'take', ask })).answer;
    } catch {
      // The door has said so; nothing is granted until it answers.
      return undefined;
    }
  }

  /** Slots of one grant may lie milliseconds apart, less than a preparation takes: each is seen to by itself. */
  async #use({ seq, probe, atUs }: Granted): Promise<void> {
    await Promise.all(atUs.map((at, i) => this.#fill({ seq: seq + i, atUs: at, probe })));
  }

  /** Hands a slot over at its instant. A slot that is not wanted any more, or comes too late, is given back. */
  async #fill(slot: Slot): Promise<void> {
    const { door } = this.#deps;
    const instant = () => door.monotonicMs(slot.atUs);
    await wakeAt(instant() - PREPARE_AHEAD_MS, this.#closing.signal);
    let sentUs = 0;
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) {
      const isReady = await waiter.prepare().catch((error: unknown) => error);
      await wakeAt(instant(), this.#closing.signal);
      if (waiter.isGone) continue;
      if (isReady !== true) {
        turnDown(waiter, isReady);
        continue;
      }
      if (this.#handOver(slot, waiter)) {
        // The taker writes in its promise reactions, all of them before the next turn: an upper bound of when it sent.
        await turnOfTheLoop();
        sentUs = Math.ceil(door.latestMs() * 1000);
      }
      break;
    }
    door.noteSent(slot.seq, sentUs);
  }

  #handOver({ seq, atUs, probe }: Slot, waiter: Waiter): boolean {
    if (this.#closing.signal.aborted) {
      waiter.release();
      waiter.reject(this.#closing.signal.reason);
      return false;
    }
    if (this.#deps.door.latestMs() > atUs / 1000 + this.#deps.toleranceMs) {
      this.#admit(waiter);
      return false;
    }
    waiter.release();
    const waitedMs = performance.now() - waiter.sinceMs;
    waiter.resolve({ status: 'granted', seq, at: atUs / 1000, waitedMs, probe });
    return true;
  }

  #turnAway({ status, reason, untilUs }: Extract<LaneAnswer, { kind: 'held' }>): void {
    for (const waiter of this.#waiters.splice(0)) {
      waiter.release();
      waiter.resolve({ status: 'held', lane: status, reason, until: Math.ceil(untilUs / 1000) });
    }
  }

  /** A sleep that a more urgent arrival, or the end, cuts short. */
  async #sleep(ms: number): Promise<void> {
    const [first] = this.#waiters;
    if (!first || first.keyMs < this.#askedKeyMs) return;
    this.#nap = new AbortController();
    await timer(Math.max(0, ms), this.#nap.signal);
    this.#nap = undefined;
  }
}

const alwaysReady = () => Promise.resolve(true);

/** @param reason false, or the error with which its preparation failed */
function turnDown(waiter: Waiter, reason: unknown): void {
  waiter.release();
  if (reason === false) waiter.resolve({ status: 'declined' });
  else waiter.reject(reason);
}
