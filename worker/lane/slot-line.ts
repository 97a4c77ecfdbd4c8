import { performance } from 'node:perf_hooks';
import { HEAD_START_MS, type LaneAnswer, type LaneAsk, type SlotRank } from '../../shared/lane/lane-call.ts';
import type { LaneDoor } from './lane-door.ts';
import { timer, turnOfTheLoop, wakeAt } from './wake-up.ts';

export type Grant = GrantedSlot | HeldLane;

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

export interface TakeOptions {
  /** @default 'bulk' */
  readonly rank?: SlotRank;
  /** The promise rejects with the signal's reason; a slot that was on its way goes to the next in line. */
  readonly signal?: AbortSignal;
}

interface Waiter {
  readonly rank: SlotRank;
  readonly sinceMs: number;
  /** Position in the line: the smaller, the earlier. */
  readonly keyMs: number;
  readonly resolve: (grant: Grant) => void;
  readonly reject: (reason: unknown) => void;
  /** Drops the abort listener. */
  readonly release: () => void;
}

type Granted = Extract<LaneAnswer, { kind: 'granted' }>;

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;
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
 * One loop: ask ▸ (wait ▸ ask …) ▸ granted: sleep until the instant ▸ hand over ▸ write back when it was sent, with the next
 * ask. It ends when nobody waits.
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
  }

  take({ rank = 'bulk', signal }: TakeOptions = {}): Promise<Grant> {
    return new Promise<Grant>((resolve, reject) => {
      signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      const sinceMs = performance.now();
      const leave = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
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
        release,
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

  /** Hands the slots over at their instants. What nobody wants any more, or comes too late, is given back. */
  async #use({ seq, probe, atUs }: Granted): Promise<void> {
    const { door } = this.#deps;
    for (let next = 0; next < atUs.length; ) {
      await wakeAt(door.monotonicMs(atUs[next] ?? 0), this.#closing.signal);
      const sent: number[] = [];
      do {
        if (this.#handOver(seq + next, atUs[next] ?? 0, probe)) sent.push(seq + next);
        else door.noteSent(seq + next, 0);
        next += 1;
      } while (next < atUs.length && door.monotonicMs(atUs[next] ?? 0) <= performance.now());
      if (sent.length === 0) continue;
      // The takers write in their promise reactions, all of them before the next turn: an upper bound of when they sent.
      await turnOfTheLoop();
      const sentUs = Math.ceil(door.latestMs() * 1000);
      for (const each of sent) door.noteSent(each, sentUs);
    }
  }

  #handOver(seq: number, atUs: number, probe: boolean): boolean {
    const tooLate = this.#deps.door.latestMs() > atUs / 1000 + this.#deps.toleranceMs;
    const waiter = tooLate || this.#closing.signal.aborted ? undefined : this.#waiters.shift();
    if (!waiter) return false;
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
