import { setTimeout as sleep } from 'node:timers/promises';
import { classifyRedisError, describeRedisError } from './failure.ts';
import type { RedisLog } from './redis-log.ts';

/**
 * Writes that must not be lost because Redis refuses them for a while: its memory or disk is full, it is a replica after
 * a failover, it is loading. What is in hand (an answer that was paid for, a receiver's 200) stays in this process until
 * Redis takes it.
 *
 * A refusal is one state of the whole process, whichever write meets it first: it is logged once, probed by one small write, and
 * ends for all writes that wait at the same moment. Rejected: each write trying by itself (a hundred of them knock, and
 * log, side by side).
 */
export interface PatientWrites {
  /**
   * Runs `write` again and again until Redis takes it. It must not matter if Redis has carried it out before.
   *
   * @throws what is no failure of Redis; the last failure once {@link PatientWrites.stop} was called
   */
  untilTaken<T>(write: () => Promise<T>): Promise<T>;
  /** Whether an error is Redis' being away or refusing. It is logged then, once for all that meet it. */
  note(error: unknown): boolean;
  /** Why Redis takes no writes now; null when it does, as far as is known. */
  refusal(): string | null;
  /** Nothing waits any longer: this process closes its connections. */
  stop(): void;
}

export interface PatientWritesDeps {
  /** A small write that Redis refuses whenever it would refuse others. */
  readonly probe: () => Promise<unknown>;
  readonly log: RedisLog;
  /** ms epoch */
  readonly now: () => number;
}

const PROBE_MS = 500;
/** A Redis that is full takes a small write now and then. It is said to be well when it took all for so long. */
const WELL_AFTER_MS = 2_000;

/** `recovering`: probes are taken, and nothing was refused since. */
interface Refusal {
  readonly phase: 'refusing' | 'recovering';
  readonly reason: string;
  readonly sinceMs: number;
}

export function createPatientWrites(deps: PatientWritesDeps): PatientWrites {
  return new RefusalWatch(deps);
}

class RefusalWatch implements PatientWrites {
  readonly #deps: PatientWritesDeps;
  readonly #stopping = new AbortController();
  #refusal: Refusal | null = null;
  #timer: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];

  constructor(deps: PatientWritesDeps) {
    this.#deps = deps;
  }

  async untilTaken<T>(write: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!this.note(error) || this.#stopping.signal.aborted) throw error;
      }
      await this.#wait();
    }
  }

  note(error: unknown): boolean {
    const failure = classifyRedisError(error);
    if (failure === 'refused') this.#refuse(error);
    // The connection itself has logged that it is gone.
    return failure !== undefined;
  }

  refusal(): string | null {
    return this.#refusal?.reason ?? null;
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    this.#release();
  }

  async #wait(): Promise<void> {
    if (this.#refusal?.phase !== 'refusing') return sleep(PROBE_MS);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const release of waiting) release();
  }

  #refuse(error: unknown): void {
    if (this.#refusal?.phase === 'refusing' || this.#stopping.signal.aborted) return;
    const { log, now } = this.#deps;
    const reason = describeRedisError(error);
    if (this.#refusal === null)
      log.warn({ event: 'redis_refuses', reason }, 'Redis takes no writes, waiting');
    this.#refusal = { phase: 'refusing', reason, sinceMs: this.#refusal?.sinceMs ?? now() };
    this.#after(PROBE_MS, () => this.#look());
  }

  async #look(): Promise<void> {
    try {
      await this.#deps.probe();
    } catch {
      this.#after(PROBE_MS, () => this.#look());
      return;
    }
    if (this.#refusal === null) return;
    this.#refusal = { ...this.#refusal, phase: 'recovering' };
    this.#after(WELL_AFTER_MS, async () => this.#becomeWell());
    this.#release();
  }

  #becomeWell(): void {
    if (this.#refusal === null) return;
    const refusedMs = this.#deps.now() - this.#refusal.sinceMs;
    this.#refusal = null;
    this.#deps.log.info({ event: 'redis_takes_writes', refusedMs }, 'Redis takes writes again');
  }

  #after(ms: number, run: () => Promise<void>): void {
    if (this.#stopping.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void run(), ms).unref();
  }
}
